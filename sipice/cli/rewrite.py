"""``sipice rewrite``: take ICE out of a description, put it in, change its origin."""

from __future__ import annotations

import os
import tempfile
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from sdp import Credentials, Ice, SdpError, SessionDescription, StreamIce, effective, parse
from sdp import rewrite as edits
from sdp.lines import text
from sipice.cli.arguments import candidates_by_stream, check_streams, destinations_by_stream
from sipice.cli.diff import LineChange, line_changes
from sipice.cli.inputs import (
    STDIN,
    Input,
    InputError,
    Kind,
    carrier_name,
    only_message,
    read_input,
    shown_name,
)
from sipice.cli.terminal import FINE, UNUSABLE, complain, line, print_json, screen, write
from sipice.sip.body import replace_body, session_description

Edit = Callable[[SessionDescription], object]

app = typer.Typer(
    help="Take ICE out of an SDP or SIP message, put it in, change the o= line.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[str, typer.Argument(metavar="FILE", help="An SDP or a SIP message; - is stdin.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there, not to stdout.")
]
InPlace = Annotated[bool, typer.Option("--in-place", "-i", help="Write back into the file.")]
Diff = Annotated[
    bool, typer.Option("--diff", help="Show which lines change instead of the result.")
]
Json = Annotated[bool, typer.Option("--json", help="The result and the changes as JSON.")]
Secrets = Annotated[bool, typer.Option("--secrets", help="Passwords in --diff in full.")]
Destinations = Annotated[
    list[str] | None,
    typer.Option(
        "--destination",
        metavar="[STREAM=]HOST:PORT[,PORT]",
        help="Where m=, c= and a=rtcp send a stream: RTP, then RTCP.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Where the result goes, and in what form."""

    output: Path | None
    in_place: bool
    diff: bool
    json: bool
    secrets: bool


@app.command()
def strip(
    file: File,
    destination: Destinations = None,
    output: Output = None,
    in_place: InPlace = False,
    diff: Diff = False,
    json: Json = False,
    secrets: Secrets = False,
) -> None:
    """Remove every ICE attribute; m= and c= stay unless a destination is given."""

    def edit(description: SessionDescription) -> None:
        wanted = destinations_by_stream(destination or ())
        check_streams(wanted, len(description.media))
        edits.strip(description, wanted)

    _run(
        file, edit, Results(output=output, in_place=in_place, diff=diff, json=json, secrets=secrets)
    )


@app.command()
def put(
    file: File,
    ufrag: Annotated[str, typer.Option(help="4 to 32 letters, digits, + and /.")],
    pwd: Annotated[str | None, typer.Option(help="22 to 256 of the same characters.")] = None,
    pwd_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Take the password from a file.")
    ] = None,
    candidate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[STREAM=]CANDIDATE", help='"0=1 1 UDP 2130706431 ADDR PORT typ host"'
        ),
    ] = None,
    option: Annotated[list[str] | None, typer.Option(help="An ICE option; default ice2.")] = None,
    pacing: Annotated[int | None, typer.Option(metavar="MS", help="a=ice-pacing.")] = None,
    lite: Annotated[bool, typer.Option("--lite", help="a=ice-lite.")] = False,
    end_of_candidates: Annotated[
        bool, typer.Option("--end-of-candidates", help="No more candidates follow.")
    ] = False,
    media_level: Annotated[
        bool, typer.Option("--media-level", help="Ufrag and password in every m= section.")
    ] = False,
    destination: Destinations = None,
    output: Output = None,
    in_place: InPlace = False,
    diff: Diff = False,
    json: Json = False,
    secrets: Secrets = False,
) -> None:
    """Put ICE into every stream in use, in place of the ICE that was there."""

    def edit(description: SessionDescription) -> None:
        credentials = Credentials(ufrag, _password(pwd, pwd_file))
        streams = _streams(
            description, candidate or (), destination or (), credentials if media_level else None
        )
        ice = Ice(
            streams=streams,
            credentials=None if media_level else credentials,
            options=tuple(option or ("ice2",)),
            pacing=pacing,
            lite=lite,
            end_of_candidates=end_of_candidates,
        )
        edits.put(description, ice)

    _run(
        file, edit, Results(output=output, in_place=in_place, diff=diff, json=json, secrets=secrets)
    )


@app.command()
def set_origin(
    file: File,
    username: Annotated[str | None, typer.Option()] = None,
    session_id: Annotated[str | None, typer.Option(metavar="NUMBER")] = None,
    version: Annotated[str | None, typer.Option(metavar="NUMBER")] = None,
    address: Annotated[str | None, typer.Option(metavar="IP")] = None,
    output: Output = None,
    in_place: InPlace = False,
    diff: Diff = False,
    json: Json = False,
) -> None:
    """Change fields of the o= line; what is not named stays."""

    def edit(description: SessionDescription) -> None:
        edits.set_origin(
            description, username=username, session_id=session_id, version=version, address=address
        )

    _run(file, edit, Results(output=output, in_place=in_place, diff=diff, json=json, secrets=True))


def _password(pwd: str | None, pwd_file: str | None) -> str:
    if (pwd is None) == (pwd_file is None):
        raise SdpError("give either --pwd or --pwd-file")
    if pwd_file is None:
        return pwd or ""
    try:
        return Path(pwd_file).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise SdpError(f"{pwd_file} cannot be read: {error}", field="pwd") from None


def _streams(
    description: SessionDescription,
    candidates: list[str] | tuple[str, ...],
    destinations: list[str] | tuple[str, ...],
    credentials: Credentials | None,
) -> list[StreamIce | None]:
    """What each m= section shall say; one that is not in use says nothing."""
    wanted = candidates_by_stream(candidates)
    places = destinations_by_stream(destinations)
    count = len(description.media)
    check_streams([*wanted, *places], count)
    return [
        StreamIce(
            candidates=wanted.get(stream, ()),
            credentials=credentials,
            destinations=places.get(stream, ()),
        )
        if effective.is_alive(description, stream) or stream in wanted or stream in places
        else None
        for stream in range(count)
    ]


def _run(file: str, edit: Edit, results: Results) -> None:
    try:
        given = read_input(file)
        _check_output(given, results)
        new = rewritten(given, edit)
        _write(given, new, results)
    except (InputError, SdpError) as why:
        name = shown_name(file)
        complain(f"{name} {why}" if isinstance(why, InputError) else f"{name}: {why}")
        if results.json:
            print_json({"name": name, "error": str(why)})
        raise typer.Exit(UNUSABLE) from None
    raise typer.Exit(FINE)


def rewritten(given: Input, edit: Edit) -> bytes:
    """The bytes of an input after an edit of its description."""
    if given.kind is Kind.SDP:
        description = parse(given.data)
        edit(description)
        return description.to_bytes()
    if given.kind is not Kind.SIP:
        raise InputError(f"is a {given.kind}; give one SDP or one SIP message")
    message = only_message(given)
    body = session_description(message)
    if body is None:
        raise InputError(f"is a SIP message ({carrier_name(message)}) without session description")
    description = parse(body.data)
    edit(description)
    return replace_body(message, body, description.to_bytes())


def _check_output(given: Input, results: Results) -> None:
    if results.in_place and (results.output is not None or given.name == STDIN):
        raise InputError("cannot be rewritten in place together with --output or from stdin")


def _write(given: Input, new: bytes, results: Results) -> None:
    target = Path(given.name) if results.in_place else results.output
    if target is not None:
        _write_file(target, new)
    if results.diff or results.json:
        changes = line_changes(given.data, new, secrets=results.secrets or results.json)
        _report(given, new, changes, results)
    elif target is None:
        write(new)


def _report(given: Input, new: bytes, changes: list[LineChange], results: Results) -> None:
    if results.json:
        document = {
            "name": given.shown_name,
            "kind": given.kind,
            "changed": new != given.data,
            "changes": [asdict(change) for change in changes],
            "text": text(new),
            "base64": b64encode(new).decode("ascii"),
        }
        print_json(document)
        return
    with screen() as console:
        for change in changes:
            style = "red" if change.sign == "-" else "green"
            shown = f"{change.sign}{change.line:>4}  {change.text}"
            console.print(line((shown, style)), soft_wrap=True)


def _write_file(target: Path, data: bytes) -> None:
    """All or nothing: a full disk leaves the old file."""
    target = target.resolve()
    try:
        if target.exists() and not target.is_file():  # a device, a pipe
            target.write_bytes(data)
            return
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            mode = target.stat().st_mode if target.exists() else 0o666 & ~_umask()
            os.chmod(name, mode & 0o7777)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise InputError(f"cannot be written to {target}: {error.strerror or error}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
