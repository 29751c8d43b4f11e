"""The helper that every other test relies on must itself refuse all that is not the expected error."""

import pytest
from ape.exceptions import ContractLogicError

from tests.helpers import assert_event, assert_events, panics, reverts

ID = bytes(range(32))
PAIR = {"left": 1, "right": 2}


@pytest.fixture(scope="module")
def caller(accounts):
    return accounts[0]


@pytest.fixture(scope="module")
def reverter(project, caller):
    return caller.deploy(project.Reverter, 0)


@pytest.fixture(scope="module")
def other(project, caller):
    return caller.deploy(project.Reverter, 0)


class TestReverts:
    def test_accepts_the_error_of_a_transaction(self, reverter, caller):
        with reverts(reverter.Declared, who=caller, value=5):
            reverter.declared(5, sender=caller)

    def test_accepts_the_error_of_a_view(self, reverter, caller):
        with reverts(reverter.Declared, who=caller, value=5):
            reverter.declaredView(5, sender=caller)

    def test_accepts_the_error_of_a_simulated_transaction(self, reverter, caller):
        with reverts(reverter.Declared, who=caller.address, value=5):
            reverter.declared.call(5, sender=caller)

    def test_accepts_the_error_of_an_impersonated_sender(self, reverter, other, accounts):
        with reverts(reverter.Declared, who=other, value=5):
            reverter.declared(5, sender=accounts[other.address])

    def test_accepts_an_error_without_arguments(self, reverter, caller):
        with reverts(reverter.Bare):
            reverter.bare(sender=caller)

    def test_accepts_arguments_of_every_kind(self, reverter, caller):
        arguments = {"text": "text", "list": [0, 7], "flag": True, "data": "0x01020304"}
        with reverts(reverter.Complex, pair=PAIR, **arguments):
            reverter.complex(sender=caller)
        with reverts(reverter.Complex, pair=(1, 2), **arguments):
            reverter.complex(sender=caller)

    def test_accepts_the_error_of_a_library(self, reverter, caller):
        with reverts(reverter.FromLibrary, id=ID):
            reverter.fromLibrary(ID, sender=caller)

    def test_accepts_the_error_of_a_nested_call(self, reverter, other, caller):
        with reverts(other.Declared, who=reverter, value=5):
            reverter.nested(other, 5, sender=caller)

    def test_accepts_the_error_of_a_constructor(self, project, caller):
        with reverts(project.Reverter.Declared, who=caller, value=5):
            caller.deploy(project.Reverter, 5)

    def test_accepts_the_error_of_an_interface(self, project, reverter, caller):
        with reverts(project.IReverterErrors.Declared, who=caller, value=5):
            reverter.declared(5, sender=caller)

    def test_sees_the_time_of_the_block_that_refused(self, reverter, caller, chain):
        chain.pending_timestamp += 12345
        with reverts(reverter.Late, timestamp=chain.pending_timestamp):
            reverter.late(sender=caller)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"value": 6}, "expected Declared.*value=6.* but got Declared.*value=5"),
            ({"who": "0x" + "11" * 20}, "expected Declared.*who='0x1111.* but got Declared"),
        ],
    )
    def test_refuses_another_value(self, reverter, caller, arguments, message):
        with (
            pytest.raises(AssertionError, match=message),
            reverts(reverter.Declared, **({"who": caller, "value": 5} | arguments)),
        ):
            reverter.declared(5, sender=caller)

    @pytest.mark.parametrize("names", [[], ["who"], ["who", "valu"], ["who", "value", "more"]])
    def test_refuses_missing_misspelt_and_additional_names(self, reverter, names):
        with (
            pytest.raises(AssertionError, match=r"Declared takes \(who, value\), but the test names"),
            reverts(reverter.Declared, **dict.fromkeys(names, 5)),
        ):
            pytest.fail("must be refused before the call")

    def test_refuses_a_misspelt_error(self, reverter):
        with pytest.raises(AttributeError):
            reverts(reverter.Declare, value=5)

    @pytest.mark.parametrize(
        ("method", "got"),
        [
            ("bare", r"Bare\(\)"),
            ("withString", "the string 'text'"),
            ("withNothing", "a revert without data"),
            ("withUnknown", "the unknown error 0xdeadbeef"),
        ],
    )
    def test_refuses_any_other_revert(self, reverter, caller, method, got):
        with (
            pytest.raises(AssertionError, match=f"expected Other.* but got {got}"),
            reverts(reverter.Other, who=caller, value=5),
        ):
            getattr(reverter, method)(sender=caller)

    def test_refuses_an_error_with_the_same_arguments_and_another_name(self, reverter, caller):
        with (
            pytest.raises(AssertionError, match=r"expected Other.* but got Declared"),
            reverts(reverter.Other, who=caller, value=5),
        ):
            reverter.declared(5, sender=caller)

    def test_refuses_a_view_that_fails_with_a_string(self, reverter):
        with (
            pytest.raises(AssertionError, match=r"expected Bare.* but got the string 'text'"),
            reverts(reverter.Bare),
        ):
            reverter.text()

    def test_refuses_a_panic(self, reverter, caller):
        with pytest.raises(AssertionError, match=r"but got Panic\(0x12\)"), reverts(reverter.Bare):
            reverter.divide(0, sender=caller)

    def test_refuses_running_out_of_gas(self, reverter, caller):
        with pytest.raises(AssertionError, match="but the call failed with"), reverts(reverter.Bare):
            reverter.burnGas(sender=caller, gas_limit=100_000)

    def test_refuses_success(self, reverter, caller):
        with pytest.raises(AssertionError, match="but nothing reverted"), reverts(reverter.Bare):
            reverter.divide(1, sender=caller)
        with pytest.raises(AssertionError, match="but nothing reverted"), reverts(reverter.Bare):
            reverter.calls()

    def test_lets_other_exceptions_pass(self, reverter):
        with pytest.raises(ZeroDivisionError), reverts(reverter.Bare):
            1 / 0  # noqa: B018

    def test_leaves_ape_as_it_was(self, reverter, caller):
        with reverts(reverter.Bare):
            reverter.bare(sender=caller)
        with pytest.raises(ContractLogicError) as caught:
            reverter.bare(sender=caller)
        assert type(caught.value).__name__ == "Bare"


class TestPanics:
    def test_accepts_the_panic(self, reverter, caller):
        with panics(0x12):
            reverter.divide(0, sender=caller)

    def test_refuses_another_panic_and_another_revert(self, reverter, caller):
        with (
            pytest.raises(AssertionError, match=r"expected Panic\(0x11\), but got Panic\(0x12\)"),
            panics(0x11),
        ):
            reverter.divide(0, sender=caller)
        with pytest.raises(AssertionError, match=r"expected Panic\(0x11\), but got Bare\(\)"), panics(0x11):
            reverter.bare(sender=caller)
        with pytest.raises(AssertionError, match="nothing reverted"), panics(0x11):
            reverter.divide(1, sender=caller)


class TestEvents:
    @pytest.fixture
    def arguments(self, caller):
        return {"who": caller, "value": 5, "text": "text", "list": [0, 7], "pair": PAIR}

    def test_accepts_the_one_event(self, reverter, caller, arguments):
        assert_event(reverter.emits(5, 1, sender=caller), reverter.Called, **arguments)

    def test_accepts_several_events_and_none(self, reverter, caller, arguments):
        receipt = reverter.emits(5, 2, sender=caller)
        assert_events(receipt, reverter.Called, arguments, arguments)
        assert_events(reverter.emits(5, 0, sender=caller), reverter.Called)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"who": "0x" + "11" * 20},
            {"value": 6},
            {"text": "texts"},
            {"list": [0, 8]},
            {"pair": {"left": 1, "right": 3}},
        ],
    )
    def test_refuses_another_value(self, reverter, caller, arguments, wrong):
        receipt = reverter.emits(5, 1, sender=caller)
        with pytest.raises(AssertionError, match=r"expected .*Called.* emitted .*Called"):
            assert_event(receipt, reverter.Called, **(arguments | wrong))

    def test_refuses_missing_and_misspelt_names(self, reverter, caller, arguments):
        receipt = reverter.emits(5, 1, sender=caller)
        del arguments["value"]
        for names in (arguments, arguments | {"valu": 5}):
            with pytest.raises(AssertionError, match="Called takes"):
                assert_event(receipt, reverter.Called, **names)

    @pytest.mark.parametrize("times", [0, 2])
    def test_refuses_none_or_several(self, reverter, caller, arguments, times):
        with pytest.raises(AssertionError, match="emitted"):
            assert_event(reverter.emits(5, times, sender=caller), reverter.Called, **arguments)

    def test_refuses_the_event_of_another_contract(self, reverter, other, caller, arguments):
        with pytest.raises(AssertionError, match="emitted"):
            assert_event(other.emits(5, 1, sender=caller), reverter.Called, **arguments)
