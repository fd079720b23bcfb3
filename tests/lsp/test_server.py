"""The server as a process: transports, its end, what it says without its extra."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hatch_zkwasm.cli import main

COMMAND = [sys.executable, "-m", "hatch_zkwasm", "lsp"]


def message(method: str, params: Any, number: int | None = None) -> bytes:
    body: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
    if number is not None:
        body["id"] = number
    data = json.dumps(body).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


INITIALIZE = message("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, 1)


def test_it_ends_when_the_editor_is_gone() -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(INITIALIZE)
        server.stdin.flush()
        header = server.stdout.readline()
        length = int(re.search(rb"\d+", header)[0])  # type: ignore[index]
        while server.stdout.readline().strip():
            pass
        answer = json.loads(server.stdout.read(length))
        assert answer["result"]["serverInfo"]["name"] == "zkwasm"
        server.stdin.close()
        assert server.wait(timeout=20) == 0


@pytest.mark.parametrize("breaks", [False, True])
async def test_it_talks_over_tcp_to_one_editor(breaks: bool) -> None:
    server = subprocess.Popen([*COMMAND, "--tcp", "--port", "0"], stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        listening = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", server.stderr.readline())
        assert listening is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", int(listening[1]))
        writer.write(INITIALIZE)
        header = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        if breaks:  # what was not read makes the connection break instead of end
            writer.transport.abort()
        else:
            length = re.search(rb"Content-Length: (\d+)", header)
            assert length is not None
            body = await asyncio.wait_for(reader.readexactly(int(length[1])), 20)
            assert json.loads(body)["result"]["capabilities"]["textDocumentSync"]["change"] == 2
            writer.close()
        assert await asyncio.to_thread(server.wait, 20) == 0
    finally:
        server.kill()
        server.wait()
        assert server.stderr is not None
        server.stderr.close()


def test_a_port_that_cannot_be_listened_on_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for port in (taken.getsockname()[1], 99999):
            assert main(["lsp", "--tcp", "--port", str(port)]) == 1
            assert capsys.readouterr().err.startswith(f"error: cannot listen on 127.0.0.1:{port}: ")


def test_without_its_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pygls", None)
    monkeypatch.delitem(sys.modules, "zkwasm_lsp.server", raising=False)
    monkeypatch.setitem(sys.modules, "pygls.lsp.server", None)
    assert main(["lsp"]) == 1
    assert 'pip install "hatch-zkwasm[lsp]"' in capsys.readouterr().err


def test_the_core_and_the_tests_of_programs_need_no_protocol(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['pygls'] = sys.modules['lsprotocol'] = None\n"
        "import zkwasm_lsp.worker, zkwasm_lsp.language.findings, zkwasm_lsp.language.formatting\n"
        "import zkwasm_simulator.assertions\n"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=tmp_path, timeout=60).returncode == 0
