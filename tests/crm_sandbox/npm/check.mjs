// HubSpot's own client for Node against a running sandbox: `node check.mjs ADDRESS`. Exits 1 where an answer is not what it was.
import assert from "node:assert/strict";
import {createRequire} from "node:module";

// Installed outside the repository's files.
const {Client} = createRequire(`${process.env.MODULES}/`)("@hubspot/api-client");
const [address] = process.argv.slice(2);
const hubspot = new Client({accessToken: "sandbox-token", basePath: address, numberOfApiCallRetries: 0});
const {contacts, companies, deals, objects, properties, owners, associations} = hubspot.crm;

// -- v3 and v4, by the client's own types: it throws on an answer that it cannot read ---------------------------------------------

const definition = {
    name: "leadops_lead_id", label: "Lead", type: "string", fieldType: "text", groupName: "contactinformation", hasUniqueValue: true,
};
const made = await properties.batchApi.create("contacts", {inputs: [definition]});
assert.deepEqual(made.results.map(each => each.name), ["leadops_lead_id"]);
const all = await properties.coreApi.getAll("contacts");
assert.ok(all.results.find(each => each.name === "hs_lead_status").options.length > 0);
assert.ok(all.results.every(each => each.modificationMetadata !== undefined));

const upserted = await contacts.batchApi.upsert({
    inputs: [1, 2].map(n => ({
        id: `k${n}`, idProperty: "leadops_lead_id", properties: {leadops_lead_id: `k${n}`, email: `k${n}@globex.example`},
    })),
});
assert.equal(upserted.results.length, 2);
assert.ok(upserted.results.every(each => each._new === true && each.createdAt instanceof Date));
const [first, second] = upserted.results.map(each => each.id);

const read = await contacts.batchApi.read({
    inputs: [{id: "k1"}], idProperty: "leadops_lead_id", properties: ["email"], propertiesWithHistory: ["email"],
});
assert.equal(read.results[0].properties.email, "k1@globex.example");
assert.equal(read.results[0].propertiesWithHistory.email[0].value, "k1@globex.example");
await contacts.batchApi.update({inputs: [{id: second, properties: {company: "Globex"}}]});
await assert.rejects(
    contacts.basicApi.create({properties: {email: "k1@globex.example"}, associations: []}),
    error => error.code === 409 && error.body.category === "CONFLICT",
);

const found = await contacts.searchApi.doSearch({
    filterGroups: [{filters: [{propertyName: "company", operator: "EQ", value: "Globex"}]}],
    sorts: ["lastmodifieddate"], properties: ["company"], limit: 10, after: "0",
});
assert.deepEqual([found.total, found.results[0].id], [1, second]);
const page = await contacts.basicApi.getPage(1, undefined, ["email"]);
assert.equal(page.results.length, 1);
assert.ok(page.paging.next.after);

const firm = await companies.basicApi.create({properties: {name: "Globex", domain: "globex.example"}, associations: []});
const deal = await deals.basicApi.create({properties: {dealname: "Rollout", dealstage: "contractsent"}, associations: []});
await associations.v4.basicApi.createDefault("deals", deal.id, "contacts", first);
await associations.v4.basicApi.createDefault("deals", deal.id, "companies", firm.id);
const linked = await associations.v4.batchApi.getPage("deals", "contacts", {inputs: [{id: deal.id}]});
assert.deepEqual(linked.results[0].to.map(each => String(each.toObjectId)), [first]);

const people = await owners.ownersApi.getPage(undefined, undefined, 100);
assert.ok(people.results.length > 0 && people.results.every(each => each.email && each.archived === false));
const task = await objects.tasks.basicApi.create({
    properties: {hs_task_subject: "Call", hs_timestamp: "2026-11-27T09:00:00Z", hubspot_owner_id: people.results[0].id},
    associations: [{to: {id: first}, types: [{associationCategory: "HUBSPOT_DEFINED", associationTypeId: 204}]}],
});
assert.equal(task.properties.hs_task_subject, "Call");

// -- 2026-09: the client has no types for it yet, but its way of calling ----------------------------------------------------------

async function call(method, path, body) {
    const answer = await hubspot.apiRequest({method, path, body});
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.json();
}

const dated = await call("POST", "/crm/objects/2026-09/contacts/batch/read", {
    inputs: [{id: "k1"}], idProperty: "leadops_lead_id", properties: ["email"],
});
assert.deepEqual(dated.results.map(each => [each.id, each.properties.email]), [[first, "k1@globex.example"]]);
const again = await call("POST", "/crm/objects/2026-09/contacts/batch/upsert", {
    inputs: [{id: "k2", idProperty: "leadops_lead_id", properties: {leadops_lead_id: "k2", company: "Globex AG"}}],
});
assert.deepEqual(again.results.map(each => [each.id, each.new]), [[second, false]]);
assert.equal((await call("GET", "/crm/properties/2026-09/contacts")).results.length, all.results.length);
assert.equal((await call("GET", "/crm/owners/2026-09")).results.length, people.results.length);
const both = await call("POST", "/crm/associations/2026-09/deals/companies/batch/read", {inputs: [{id: deal.id}]});
assert.deepEqual(both.results[0].to.map(each => String(each.toObjectId)), [firm.id]);
console.log("the same answers in both versions");
