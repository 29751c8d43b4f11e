"""The package ships what the contracts are."""

import inspect
from importlib import resources

import pytest
from ethpm_types.abi import ErrorABI

from catenary import errors
from catenary.contracts import CORE, ORACLE, VAULT, contract_type
from tools.abis import compiled

NAMES = (*CORE, VAULT, ORACLE)


@pytest.mark.parametrize("name", NAMES)
def test_abi__of_the_package__is_that_of_the_contract(name: str) -> None:
    assert resources.files("catenary").joinpath("abi", f"{name}.json").read_text() == compiled()[name]


@pytest.mark.parametrize(
    "abi", {abi.name: abi for name in NAMES for abi in contract_type(name).errors}.values(), ids=lambda abi: abi.name
)
def test_error__of_a_contract__says_a_sentence_with_its_arguments(abi: ErrorABI) -> None:
    error = getattr(errors, abi.name)(**{str(item.name): "something" for item in abi.inputs})
    assert isinstance(error, errors.ContractError)
    assert str(error).endswith(".")
    assert "{" not in str(error)


def test_error__of_no_contract__is_not_among_them() -> None:
    classes = {
        name
        for name, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, errors.ContractError) and each not in (errors.ContractError, errors.UnknownRevert)
    }
    assert classes == {abi.name for name in NAMES for abi in contract_type(name).errors}
