"""Hypothesis strategies: random conditions and facts over a small world, so that they meet often."""

from hypothesis import strategies as st

COUNTRIES = ["DE", "de", "AT", "US", "CA", "FR"]
TITLES = ["Head of Sales", "VP", "student", "Chief student officer", "", "buyer"]
values = {
    "country": st.sampled_from(COUNTRIES),
    "employee_count": st.one_of(st.integers(0, 12), st.sampled_from(["5", "7", 2.5, "many"])),
    "job_title": st.sampled_from(TITLES),
    "territory": st.lists(st.sampled_from(["North", "West", "Coast"]), max_size=3),
    "email_is_free": st.sampled_from([True, False, "true"]),
    "extra.partner_id": st.sampled_from(["p1", "p2"]),
}
facts = st.fixed_dictionaries(
    {}, optional={name: st.one_of(st.none(), value) for name, value in values.items()}
)


def _equality(field, value):
    return st.one_of(
        st.builds(lambda op, v: {"field": field, op: v}, st.sampled_from(["eq", "ne"]), value),
        st.builds(
            lambda op, v: {"field": field, op: v},
            st.sampled_from(["in", "not_in", "eq"]),
            st.lists(value, min_size=1, max_size=3),
        ),
    )


leaves = st.one_of(
    _equality("country", values["country"]),
    _equality("employee_count", st.one_of(st.integers(0, 12), st.just("5"))),
    _equality("territory", st.sampled_from(["North", "West", "Coast"])),
    _equality("email_is_free", st.booleans()),
    _equality("extra.partner_id", values["extra.partner_id"]),
    st.builds(
        lambda op, v: {"field": "employee_count", op: v},
        st.sampled_from(["gt", "gte", "lt", "lte"]),
        st.integers(0, 12),
    ),
    st.builds(
        lambda a, b: {"field": "employee_count", "between": [a, a + b]}, st.integers(0, 9), st.integers(0, 5)
    ),
    st.builds(
        lambda op, v: {"field": "job_title", op: v},
        st.sampled_from(["contains", "starts_with", "has_word"]),
        st.sampled_from(["student", "head", "vp", ["chief", "buyer"]]),
    ),
    st.builds(
        lambda f, v: {"field": f, "is": v},
        st.sampled_from(sorted(values)),
        st.sampled_from(["present", "missing"]),
    ),
)


def _group(parts):
    return st.dictionaries(
        st.sampled_from(["all", "any", "none"]),
        st.lists(parts, min_size=1, max_size=3),
        min_size=1,
        max_size=2,
    )


_one_deep = _group(leaves)
_two_deep = _group(st.one_of(leaves, _one_deep))
conditions = st.one_of(st.just({}), leaves, _one_deep, _two_deep, _group(st.one_of(leaves, _two_deep)))
