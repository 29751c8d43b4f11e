"""The node that is asked, and what it says when it does not answer."""

import os
import re
from typing import Any

import ape
import requests
from ape.api import ProviderAPI
from ape.exceptions import ApeException, APINotImplementedError
from web3.exceptions import CannotHandleRequest, Web3RPCError

from deployer.errors import DeployError

ANSWER = 30  # how long a node may take to answer [s]

# For node.ethereum.<network>.uri in ape-config.yaml.
URI_VARIABLES = {"sepolia": "SEPOLIA_RPC_URL", "hoodi": "HOODI_RPC_URL"}


def require_uri(provider: ProviderAPI) -> None:
    """Refuses a public network without a node that the user named: Ape would pick a public one at random."""
    network = provider.network.name
    if provider.name != "node" or provider.network.is_dev:
        return
    if "WEB3_PROVIDER_URI" in os.environ:
        raise DeployError("unset WEB3_PROVIDER_URI: its node would be asked, whatever --network says")
    settings: Any = provider.settings
    configured = provider.provider_settings.get("uri") or settings.ethereum.get(network, {}).get("uri") or ""
    if not re.match(r"(http|ws)s?://", configured):
        variable = URI_VARIABLES.get(network)
        where = f"set {variable} to its URL" if variable else f"name one as --network ethereum:{network}:https://..."
        raise DeployError(f"no node of {network} is named: {where}")


def limit_waiting() -> None:
    """Has web3 ask a node that does not answer again, and then give it up; Ape would wait for half an hour."""
    provider: Any = ape.chain.provider
    http: Any = getattr(provider.web3.provider, "_active_provider", None)
    if hasattr(http, "_request_kwargs"):
        http._request_kwargs["timeout"] = min(ANSWER, provider.network.transaction_acceptance_timeout)


def reason(error: Exception) -> str:
    """An error of Ape, web3 or requests in one line, without the node's URL, as that may hold a key."""
    if isinstance(error, CannotHandleRequest):
        return "the node does not answer"
    if isinstance(error, Web3RPCError) and error.rpc_response:
        return str(error.rpc_response["error"]["message"])
    text = re.sub(r"(url: )\S+", r"\1(hidden)", " ".join(str(error).split()))
    return re.sub(r"https?://[^\s'\")]+", "(hidden)", text).rstrip(".")


def waiting_nonces(provider: Any, account: str, nonce: int) -> list[int]:
    """The nonces from `nonce` on with which transactions of `account` wait, as far as the node tells."""
    pending = range(nonce, int(provider.get_nonce(account, block_id="pending")))
    return sorted({*pending, *(queued for queued in _pool(provider, account) if queued >= nonce)})


def _pool(provider: Any, account: str) -> set[int]:
    """The nonces in the node's pool, with those that wait for an earlier one. Many a node does not tell."""
    for method, arguments in (("txpool_contentFrom", [account]), ("txpool_content", [])):
        try:
            content = provider.make_request(method, arguments)
        except (APINotImplementedError, ApeException, requests.HTTPError):
            continue
        parts = [content["pending"], content["queued"]]
        if not arguments:  # of all accounts
            parts = [own for part in parts for sender, own in part.items() if sender.lower() == account.lower()]
        return {int(queued) for part in parts for queued in part}
    return set()
