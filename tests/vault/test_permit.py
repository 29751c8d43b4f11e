"""Allowances by signature: of shares, and of the asset for a deposit in the same multicall."""

from typing import Any

from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_account import Account

from tests.helpers import assert_event, reverts
from tests.helpers.protocol import ANY_MANDATE, ETHER
from tests.helpers.typed_data import PERMIT, domain, message, sign

AMOUNT = 2 * ETHER
NEVER = 2**256 - 1


def permit(
    token: ContractInstance, name: str, owner: AccountAPI, spender: Any, deadline: int = NEVER
) -> tuple[Any, ...]:
    """A permit of `AMOUNT` as (value, deadline, v, r, s)."""
    signature = sign(owner, domain(name, token), PERMIT, (owner, spender, AMOUNT, token.nonces(owner), deadline))
    return (AMOUNT, deadline, signature.v, signature.r, signature.s)


class TestOfShares:
    NAME = "Catenary AST"

    def test_permit__gives_the_allowance(
        self, vault: ContractInstance, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
    ) -> None:
        receipt = vault.permit(alice, bob, *permit(vault, self.NAME, alice, bob), sender=stranger)
        assert_event(receipt, vault.Approval, owner=alice, spender=bob, value=AMOUNT)
        assert vault.allowance(alice, bob) == AMOUNT
        assert vault.nonces(alice) == 1

    def test_permit__used_again__reverts(
        self, vault: ContractInstance, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
    ) -> None:
        signed = permit(vault, self.NAME, alice, bob)
        vault.permit(alice, bob, *signed, sender=stranger)
        next_one = message(domain(self.NAME, vault), PERMIT, (alice, bob, AMOUNT, 1, NEVER))
        nobody = Account.recover_message(next_one, vrs=signed[2:])
        with reverts(vault.ERC2612InvalidSigner, signer=nobody, owner=alice):
            vault.permit(alice, bob, *signed, sender=stranger)

    def test_permit__after_its_deadline__reverts(
        self, vault: ContractInstance, chain: Any, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        deadline = chain.pending_timestamp
        signed = permit(vault, self.NAME, alice, bob, deadline)
        chain.pending_timestamp = deadline + 1
        with reverts(vault.ERC2612ExpiredSignature, deadline=deadline):
            vault.permit(alice, bob, *signed, sender=bob)

    def test_permit__by_another__reverts(self, vault: ContractInstance, alice: AccountAPI, bob: AccountAPI) -> None:
        signature = sign(bob, domain(self.NAME, vault), PERMIT, (alice, bob, AMOUNT, 0, NEVER))
        with reverts(vault.ERC2612InvalidSigner, signer=bob, owner=alice):
            vault.permit(alice, bob, AMOUNT, NEVER, signature.v, signature.r, signature.s, sender=bob)


class TestOfAsset:
    NAME = "Asset"

    def test_permit_asset__and_deposit__take_one_call(
        self, vault: ContractInstance, asset: ContractInstance, alice: AccountAPI
    ) -> None:
        asset.approve(vault, 0, sender=alice)
        signed = permit(asset, self.NAME, alice, vault)
        vault.multicall(
            [vault.permitAsset.encode_input(*signed), vault.deposit.encode_input(AMOUNT, alice)], sender=alice
        )
        assert vault.balanceOf(alice) == AMOUNT
        assert asset.allowance(alice, vault) == 0

    def test_permit_asset__and_deposit_and_delegate__take_one_call(
        self,
        pool: ContractInstance,
        asset: ContractInstance,
        delegation: ContractInstance,
        operator: AccountAPI,
        alice: AccountAPI,
    ) -> None:
        asset.approve(pool, 0, sender=alice)
        signed = permit(asset, self.NAME, alice, pool)
        pool.multicall(
            [
                pool.permitAsset.encode_input(*signed),
                pool.depositAndDelegate.encode_input(AMOUNT, operator, AMOUNT, ANY_MANDATE),
            ],
            sender=alice,
        )
        assert delegation.position(operator, pool, alice) == (AMOUNT, AMOUNT)

    def test_permit_asset__that_a_front_runner_used_first__does_no_harm(
        self, vault: ContractInstance, asset: ContractInstance, alice: AccountAPI, stranger: AccountAPI
    ) -> None:
        asset.approve(vault, 0, sender=alice)
        signed = permit(asset, self.NAME, alice, vault)
        asset.permit(alice, vault, *signed, sender=stranger)
        vault.multicall(
            [vault.permitAsset.encode_input(*signed), vault.deposit.encode_input(AMOUNT, alice)], sender=alice
        )
        assert vault.balanceOf(alice) == AMOUNT

    def test_permit_asset__that_is_not_valid__leaves_the_deposit_without_allowance(
        self, vault: ContractInstance, asset: ContractInstance, alice: AccountAPI
    ) -> None:
        asset.approve(vault, 0, sender=alice)
        value, deadline, v, r, s = permit(asset, self.NAME, alice, vault)
        with reverts(asset.ERC20InsufficientAllowance, spender=vault, allowance=0, needed=AMOUNT):
            vault.multicall(
                [
                    vault.permitAsset.encode_input(value + 1, deadline, v, r, s),
                    vault.deposit.encode_input(AMOUNT, alice),
                ],
                sender=alice,
            )

    def test_permit_asset__of_another_staker__gives_nothing(
        self, vault: ContractInstance, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        asset.approve(vault, 0, sender=alice)
        signed = permit(asset, self.NAME, alice, vault)
        vault.permitAsset(*signed, sender=bob)
        assert asset.allowance(alice, vault) == 0
        assert asset.nonces(alice) == 0

    def test_permit_asset__of_an_asset_without_permit__changes_nothing(
        self, native: ContractInstance, weth: ContractInstance, asset: ContractInstance, alice: AccountAPI
    ) -> None:
        signed = permit(asset, self.NAME, alice, native)
        native.permitAsset(*signed, sender=alice)  # WETH takes it for a deposit of nothing
        assert weth.allowance(alice, native) == 0
        assert weth.balanceOf(native) == native.SEED()
