// Salesforce's own client for Node against a running sandbox: `node check-salesforce.mjs ADDRESS`. Exits 1 where an answer is not what it was.
import assert from "node:assert/strict";
import {createRequire} from "node:module";

// Installed outside the repository's files.
const {Connection} = createRequire(`${process.env.MODULES}/`)("@jsforce/jsforce-node");
const [address] = process.argv.slice(2);
const oauth2 = {loginUrl: `${address}/salesforce`, clientId: "sandbox-consumer-key", clientSecret: "sandbox-consumer-secret"};
const org = new Connection({oauth2, version: "66.0", maxRequest: 5});
const KEY = "leadops_id__c";

async function control(path, body, method = "POST") {
    const answer = await fetch(`${address}/control/salesforce/${path}`, {
        method, body: body && JSON.stringify(body), headers: {"Content-Type": "application/json"},
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.status === 204 ? null : answer.json();
}
const refused = code => error => error.errorCode === code || assert.fail(`${error.errorCode}: ${error.message}, not ${code}`);

// -- logging in, and what there is --------------------------------------------------------------------------------------------------

const wrong = new Connection({oauth2: {...oauth2, clientSecret: "other"}, version: "66.0"});
await assert.rejects(wrong.authorize({grant_type: "client_credentials"}), error => error.name === "invalid_client");
const me = await org.authorize({grant_type: "client_credentials"});
assert.equal((await org.identity()).user_id, me.id);
const versions = await org.request("/services/data");
assert.equal(versions.at(-1).version, "68.0");
assert.ok((await org.limits()).DailyApiRequests.Remaining > 0);
assert.ok(org.limitInfo.apiUsage.used > 0);

const listed = await org.describeGlobal();
assert.ok(listed.sobjects.some(each => each.name === "Lead" && each.keyPrefix === "00Q"));
const described = await org.describe("Lead");
assert.ok(described.fields.find(each => each.name === KEY).externalId);

// -- one record and many ------------------------------------------------------------------------------------------------------------

const made = await org.sobject("Lead").create({LastName: "Weiß", Company: "Globex", [KEY]: "k0"});
assert.equal(made.success, true);
await org.sobject("Lead").update({Id: made.id, City: "Bonn"});
assert.equal((await org.sobject("Lead").retrieve(made.id)).City, "Bonn");
await assert.rejects(org.sobject("Lead").update({Id: made.id, Nothing: "x"}), refused("INVALID_FIELD"));
await assert.rejects(org.sobject("Lead").create({LastName: "x"}), refused("REQUIRED_FIELD_MISSING"));
const again = await org.sobject("Lead").upsert({[KEY]: "k0", City: "Berlin"}, KEY);
assert.deepEqual([again.id, again.created], [made.id, false]);

const people = Array.from({length: 250}, (_, n) => ({[KEY]: `k${n}`, LastName: `Person ${n}`, Company: "Globex", Email: `p${n}@globex.example`}));
people[7].Email = "wrong";
const upserted = await org.sobject("Lead").upsert(people, KEY, {allowRecursive: true});
assert.equal(upserted.length, 250);
assert.deepEqual(upserted[7].errors[0].statusCode, "INVALID_EMAIL_ADDRESS");
assert.ok(upserted.every((each, n) => each.success === (n !== 7) && each.created === ![0, 7].includes(n)));
const read = await org.sobject("Lead").retrieve([upserted[1].id, "00QgK00008dxAAA"]);
assert.deepEqual([read[0][KEY], read[1]], ["k1", null]);
const changed = await org.sobject("Lead").update([{Id: upserted[1].id, City: "Bonn"}, {Id: upserted[2].id, City: "x".repeat(50)}]);
assert.deepEqual(changed.map(each => each.success), [true, false]);
const created = await org.sobject("Task").create([{Subject: "Call", WhoId: upserted[1].id}, {Subject: "Call", WhoId: upserted[2].id}]);
assert.ok(created.every(each => each.success));
const gone = await org.sobject("Lead").destroy([upserted[3].id, upserted[4].id]);
assert.ok(gone.every(each => each.success));
assert.equal((await org.sobject("Lead").destroy(upserted[5].id)).success, true);
await assert.rejects(org.sobject("Lead").retrieve(upserted[5].id), refused("ENTITY_IS_DELETED"));

// -- queries ------------------------------------------------------------------------------------------------------------------------

const found = await org.query(`SELECT Id, Owner.Name, ${KEY} FROM Lead WHERE ${KEY} IN ('k0', 'k1') ORDER BY ${KEY}`);
assert.deepEqual(found.records.map(each => [each[KEY], each.Owner.Name]), [["k0", "leadops Integration"], ["k1", "leadops Integration"]]);
const since = new Date(Date.now() - 3_600_000).toISOString();
assert.ok((await org.query(`SELECT Id FROM Lead WHERE SystemModstamp >= ${since}`)).totalSize > 200);
assert.equal(await org.sobject("Lead").count({City: "Bonn"}), 1);
assert.equal((await org.sobject("Lead").find({LastName: {$like: "Person 1%"}}, ["Id", "Owner.Name"]).limit(3)).length, 3);
let page = await org.query("SELECT Id FROM Lead ORDER BY Id", {headers: {"Sforce-Query-Options": "batchSize=200"}});
assert.deepEqual([page.done, page.records.length], [false, 200]);
page = await org.queryMore(page.nextRecordsUrl);
assert.equal(page.done, true);
const removed = await org.query("SELECT Id FROM Lead WHERE IsDeleted = true", {scanAll: true});
assert.equal(removed.totalSize, 3);
await assert.rejects(org.query("SELECT Nothing FROM Lead"), refused("INVALID_FIELD"));
await assert.rejects(org.query("SELECT Id FROM Lead WHERE"), refused("MALFORMED_QUERY"));
const day = 86_400_000;
const updated = await org.sobject("Lead").updated(new Date(Date.now() - day), new Date(Date.now() + day));
assert.ok(updated.ids.includes(made.id));
const deleted = await org.sobject("Lead").deleted(new Date(Date.now() - day), new Date(Date.now() + day));
assert.equal(deleted.deletedRecords.length, 3);

// -- composite, duplicates, a new session -------------------------------------------------------------------------------------------

const base = "/services/data/v66.0";
const whole = await org.requestPost(`${base}/composite`, {
    compositeRequest: [
        {
            method: "PATCH", url: `${base}/composite/sobjects/Lead/${KEY}`, referenceId: "leads", httpHeaders: {"Sforce-Auto-Assign": "FALSE"},
            body: {records: [{attributes: {type: "Lead"}, [KEY]: "c1", LastName: "Weiß", Company: "Globex"}]},
        },
        {method: "POST", url: `${base}/sobjects/Task`, referenceId: "task", body: {Subject: "Call", WhoId: "@{leads[0].id}"}},
    ],
});
assert.deepEqual(whole.compositeResponse.map(each => each.httpStatusCode), [200, 201]);

await control("duplicate_rules", {action: "alert"});
const twin = {LastName: "Twin", Company: "Globex", Email: "p1@globex.example"};
await assert.rejects(org.sobject("Lead").create(twin), refused("DUPLICATES_DETECTED"));
const passed = await org.sobject("Lead").create(twin, {headers: {"Sforce-Duplicate-Rule-Header": "allowSave=true"}});
assert.equal(passed.success, true);

// It tells an ended session from other refusals, and would renew it if it could.
const ended = /refresh session/;
await control("sessions", null, "DELETE");
await assert.rejects(org.limits(), ended);
await control("org", {instance: "EU77"});
const before = org.instanceUrl;
await org.authorize({grant_type: "client_credentials"});
assert.notEqual(org.instanceUrl, before);
assert.equal((await org.sobject("Lead").retrieve(made.id))[KEY], "k0");
await org.oauth2.revokeToken(org.accessToken);
await assert.rejects(org.limits(), ended);
console.log("every call of the org was understood");
