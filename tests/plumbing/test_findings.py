from plumbing.findings import Finding, headline, worst_of

FAIL, WARN, FINE = (
    Finding("fail", "It is down."),
    Finding("warn", "It is late."),
    Finding("ok", "It answers."),
)


def test_a_headline_is_the_worst_finding_wherever_it_stands():
    assert headline([FINE, WARN, FAIL], praise="All is well.") == "It is down."
    assert headline([FINE, WARN, Finding("warn", "It is slow.")], praise="All is well.") == "It is late."


def test_a_headline_praises_only_where_there_is_no_finding():
    assert headline([FINE], praise="All is well.") == "All is well."
    assert headline([], praise="All is well.") == "All is well."
    assert worst_of([FINE]) is None
