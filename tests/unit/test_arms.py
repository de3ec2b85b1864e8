"""Which arm a session is in, what an arm may change, and what a specification has to say."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.ask.arm_settings import checked, overridden
from app.ask.arms import BUCKETS, assigned, bucket, ranges
from app.errors import SettingsError
from app.insights.experiments.spec import parse_spec, read_spec, spec_of
from app.insights.experiments.statistics import SRM_ALARM, mismatch
from app.records.product.experiments import Arm, Guardrail, Spec
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
WHOLE = """\
id: longer-quotes
hypothesis: Five quoted sentences are accepted more often.
metric: task_success
minimum_effect: 0.05
share: 50%
control: three
guardrails:
  - {metric: time_to_answer_p95, at_most: 3000}
  - metric: rejection
arms:
  five: {quote_sentences: 5}
  three:
"""


def two_arms(share: float = 1.0, count: int = 2, name: str = "test") -> Spec:
    arms = tuple(Arm(f"arm-{number}") for number in range(count))
    return Spec(name, "why", "acceptance", arms, "arm-0", share=share)


# --- assignment -----------------------------------------------------------------------------------


def test_a_session_is_always_in_the_same_place() -> None:
    # Written down once: another version of the product must not move anybody.
    assert bucket("longer-quotes", "session-0001") == 8648
    assert assigned(two_arms(), "session-0001") == assigned(two_arms(), "session-0001")


def test_two_experiments_mix_sessions_anew() -> None:
    first, second = two_arms(name="first"), two_arms(name="second")
    sessions = [f"session-{number}" for number in range(2000)]
    same = sum(assigned(first, one) == assigned(second, one) for one in sessions)
    assert 900 < same < 1100


@pytest.mark.parametrize(("share", "count"), [(1.0, 2), (0.3, 2), (1.0, 3), (0.01, 5)])
def test_arms_are_equal_parts_of_the_share(share: float, count: int) -> None:
    spec = two_arms(share, count)
    own = list(ranges(spec).values())
    assert sum(map(len, own)) == round(share * BUCKETS)
    assert max(map(len, own)) - min(map(len, own)) <= 1
    assert all(one.stop == other.start for one, other in pairwise(own))


def test_sessions_spread_evenly_over_the_arms() -> None:
    spec = two_arms(0.6, 3)
    counts = Counter(assigned(spec, f"session-{number}") for number in range(20_000))
    inside = [counts[arm.name] for arm in spec.arms]
    assert 0.58 < sum(inside) / 20_000 < 0.62
    assert mismatch(inside, [1, 1, 1]) > SRM_ALARM


def test_whoever_names_no_session_is_in_no_arm() -> None:
    assert assigned(two_arms(), "") == ""


# --- what an arm changes --------------------------------------------------------------------------


def test_an_arm_changes_its_own_settings_alone(settings: Settings) -> None:
    own = overridden(settings, checked({"quote_sentences": "5", "dense_weight": 0.4}))
    assert (own.quote_sentences, own.dense_weight) == (5, 0.4)
    assert own.read_passages == settings.read_passages
    assert settings.quote_sentences == 3


@pytest.mark.parametrize("name", ["data_dir", "database_url", "chat_base_url", "chat_api_key"])
def test_an_arm_cannot_change_where_things_are_stored_or_sent(name: str) -> None:
    with pytest.raises(ValidationError):
        checked({name: "elsewhere"})


def test_another_model_does_not_inherit_price_address_and_key(settings: Settings) -> None:
    base = settings.model_copy(
        update={
            "chat_model": "openai:small",
            "chat_price": "1/2",
            "chat_base_url": "http://127.0.0.1:1/v1",
            "chat_api_key": SecretStr("secret"),
        }
    )
    sibling = overridden(base, {"chat_model": "openai:large"})
    assert (sibling.chat_price, sibling.chat_base_url) == ("", base.chat_base_url)
    assert sibling.chat_api_key.get_secret_value() == "secret"
    stranger = overridden(base, {"chat_model": "anthropic:other", "chat_price": "3/4"})
    assert (stranger.chat_price, stranger.chat_base_url) == ("3/4", "")
    assert stranger.chat_api_key.get_secret_value() == ""


# --- specifications -------------------------------------------------------------------------------


def test_a_file_says_what_an_experiment_is() -> None:
    assert parse_spec(WHOLE, "a.yaml") == Spec(
        id="longer-quotes",
        hypothesis="Five quoted sentences are accepted more often.",
        metric="task_success",
        arms=(Arm("five", {"quote_sentences": 5}), Arm("three")),
        control="three",
        share=0.5,
        minimum_effect=0.05,
        guardrails=(Guardrail("time_to_answer_p95", at_most=3000), Guardrail("rejection")),
    )


def test_a_specification_survives_being_stored() -> None:
    spec = parse_spec(WHOLE, "a.yaml")
    assert Spec.of_json(spec.to_json()) == spec


def test_the_first_arm_is_the_control_where_none_is_named() -> None:
    assert parse_spec(WHOLE.replace("control: three\n", ""), "a.yaml").control == "five"


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("quote_sentences: 5", "quote_sentences: 50", "a.yaml, line 11: “arms.five.quote_sent"),
        ("quote_sentences: 5", "quotes: 5", "line 11: “arms.five.quotes” is unknown; allowed are"),
        ("quote_sentences: 5", "mode: loud", "should be 'auto', 'quotes' or 'written'"),
        ("share: 50%", "share: 150%", "line 5: “share” is “150%” and should be less than or"),
        ("share: 50%", "shares: 1", "line 5: “shares” is unknown"),
        ("metric: task_success", "metric: nope", "line 3: “metric” is “nope”: it is not measured"),
        ("metric: task_success\n", "", "“metric” is missing"),
        ("  three:\n", "", "has 2 to 5 arms, this one has 1"),
        ("  three:\n", "  five:\n", "line 12: a name stands there for the second time"),
        ("control: three", "control: four", "line 6: “control” is “four”: the arms are five, th"),
        ("id: longer-quotes", "id: Longer Quotes", "line 1: “id” can't be “Longer Quotes”"),
        ("at_most: 3000", "at_most: 3, at_least: 2", "line 8: “guardrails.0”: give at_most or"),
        ("hypothesis: Five", "hypothesis: [Five", "a.yaml, line 3: this is not YAML"),
        ("minimum_effect: 0.05", "minimum_effect: .nan", "line 4: “minimum_effect”"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(right: str, wrong: str, told: str) -> None:
    assert right in WHOLE
    with pytest.raises(SettingsError) as caught:
        parse_spec(WHOLE.replace(right, wrong, 1), "a.yaml")
    assert told in caught.value.message


def test_a_word_that_yaml_takes_for_no_is_a_name_like_others() -> None:
    spec = parse_spec(WHOLE.replace("three", "no"), "a.yaml")
    assert [arm.name for arm in spec.arms] == ["five", "no"]


@pytest.mark.parametrize("text", ["", "- a list", "\0"])
def test_what_is_no_specification_is_told_so(text: str) -> None:
    with pytest.raises(SettingsError, match=r"a\.yaml"):
        parse_spec(text, "a.yaml")


def test_a_form_is_held_to_the_same() -> None:
    with pytest.raises(SettingsError, match="“arms” is missing"):
        spec_of({"id": "x", "hypothesis": "y", "metric": "retry"})


def test_every_example_in_the_project_can_be_started() -> None:
    files = sorted((ROOT / "prd" / "experiments").glob("*.yaml"))
    assert files
    assert [read_spec(path).id for path in files] == [path.stem for path in files]
