"""`msgmodule demo`: depositions to try the service with, and a token for this machine."""

import click

from service.cli.common import services_of
from service.errors import NotFound
from service.message_service import MessageService
from service.messages import FileReference, Message
from service.security import Tokens
from service.services import Services
from service.storage.durable import faults, write_new
from service.vocabulary import FROM_DEPOSITOR, NOTES, TO_DEPOSITOR
from settings import SCOPES

LOCAL_TOKEN = "local-token"  # noqa: S105 - the name of the file that holds it
DEPOSITION = "D_1000000001"
_LETTERS = (
    (TO_DEPOSITOR, "JD", "vldtn", "Validation report for your entry", "Dear depositors,\n\nplease review the report.\n"),
    (
        FROM_DEPOSITOR,
        "depositor - Ångström, Åsa (responsible scientist)",
        "Approval without corrections",
        "Approval without corrections",
        "The resolution is 1.7 Å.\nWe approve the entry as it is.\n",
    ),
    (NOTES, "JD", "note", "To remember", "The authors prefer e-mail.\n"),
)
_FILES = (
    FileReference(None, None, None, "model-annotate", "pdbx", "1", "1", "archive"),
    FileReference(None, None, None, "validation-report-annotate", "pdf", "1", "1", "archive"),
)


@click.command()
@click.pass_context
def demo(context: click.Context) -> None:
    """Make the folders of a site, a demo deposition and a local token; what is there already stays as it is."""
    found = services_of(context)
    _make_folders(found)
    profile = found.profile
    chain = found.stores.chain(profile)
    try:
        chain.read(DEPOSITION)
    except NotFound:
        _send_letters(MessageService(lambda: chain))
    _make_token(found)
    click.echo(f"demo deposition: {DEPOSITION}, profile {profile.name}")


def example(url: str, secret: str) -> str:
    """Give a command line that lists the demo deposition's messages."""
    return f'curl -s -H "Authorization: Bearer {secret}" {url}/api/v1/depositions/{DEPOSITION}/messages'


def _make_folders(found: Services) -> None:
    root = found.settings.cif_root
    with faults(root):
        for folder in ("archive", f"deposit/{DEPOSITION}", "autogroup"):
            (root / folder).mkdir(parents=True, exist_ok=True)


def _send_letters(messages: MessageService) -> None:
    for content_type, sender, context_type, subject, text in _LETTERS:
        message = Message(content_type, None, None, DEPOSITION, None, sender, context_type, None, None, subject, text)
        messages.send(message, _FILES if content_type == TO_DEPOSITOR else ())


def _make_token(found: Services) -> None:
    path = found.settings.state_dir / LOCAL_TOKEN
    if not path.exists():
        tokens = Tokens(found.settings.state_dir)
        if any(token.name == "local" for token in tokens.all()):  # a backup keeps the tokens and not this secret
            tokens.revoke("local")
        secret = tokens.create("local", SCOPES)
        with faults(path):
            write_new(path, secret.encode("ascii"), mode=0o600)
