"""Rules made at random find what one finds by looking at every sample."""

from __future__ import annotations

from functools import lru_cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rule_naive import OPERATORS, Condition, Inside, Join, Not, samples_of

from sdcviz.qc.rules import parse

KEYS = ("temperature", "salinity")
_numbers = st.floats(0, 30).map(lambda x: round(x, 1))
_compare = st.sampled_from(list(OPERATORS))


def _profile(name: str) -> st.SearchStrategy:
    return st.builds(
        Condition,
        st.sampled_from([f"{name}({key})" for key in KEYS]),
        _compare,
        st.floats(0, 5).map(lambda x: round(x, 2)),
    )


_leaves = st.one_of(
    st.builds(Condition, st.sampled_from(KEYS), _compare, _numbers),
    st.builds(Condition, st.just("depth"), _compare, st.integers(0, 2000)),
    st.builds(Condition, st.sampled_from(["month", "sample"]), _compare, st.integers(0, 12)),
    st.builds(Condition, st.just("year"), _compare, st.integers(1965, 2010)),
    st.builds(Condition, st.just("samples"), _compare, st.integers(0, 12)),
    st.builds(
        Condition, st.sampled_from(["longitude", "latitude"]), _compare, st.integers(-80, 80)
    ),
    st.builds(Condition, st.just("month"), st.just("in"), st.lists(st.integers(1, 12), min_size=1)),
    st.builds(
        Condition,
        st.sampled_from([*(f"flag({key})" for key in KEYS), "flag(depth)"]),
        st.sampled_from(["==", "!="]),
        st.sampled_from("012349Q"),
    ),
    st.builds(
        Condition,
        st.just("cruise"),
        st.sampled_from(["==", "!="]),
        st.sampled_from(["CRUISE 0", "CRUISE 1", "CRUISE 9"]),
    ),
    *(_profile(name) for name in ("gradient", "spike", "step", "slope")),
    st.builds(
        Inside,
        st.tuples(
            st.integers(-180, 180), st.integers(-80, 0), st.integers(-180, 180), st.integers(0, 80)
        ),
    ),
)
_rules = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(
            Join, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=4).map(tuple)
        ),
    ),
    max_leaves=8,
)


@lru_cache(1)
def _all_samples(collection):
    return samples_of(collection, KEYS)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule=_rules, key=st.sampled_from(KEYS), size=st.sampled_from([1, 50, 1_000_000]))
def test_hits_are_those_of_a_look_at_every_sample(mixed, rule, key, size):
    stations, samples = parse(rule.text()).hits(mixed, key, size=size)
    found = list(zip(stations.tolist(), samples.tolist(), strict=True))
    expected = [
        (sample["row"], sample["sample"])
        for sample in _all_samples(mixed)
        if sample[key] is not None and rule.judge(sample) is True
    ]
    assert found == expected, rule.text()


@settings(max_examples=300, deadline=None)
@given(text=st.text("()[]<>=!,.'\"andorit 1e9_depthcruise\\\n@", max_size=40))
def test_any_text_is_a_rule_or_a_mistake_with_a_place(mixed, text):
    from sdcviz.qc.rules import RuleError

    try:
        parse(text).hits(mixed, "temperature")
    except RuleError as error:
        assert 0 <= error.start <= max(len(text), 1)
        assert "^" in error.pointer
