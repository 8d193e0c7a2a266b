#!/usr/bin/env python3
"""Replays programs in headless Chromium: the same bits as the native program on the same driver.

    tests/browser/replay.py LENET [TEXT...]    only the programs whose name has one of these

Both run on the SwiftShader that Chromium brings. Ends with 1 where bits differ or a kernel has a message.
"""

import contextlib
import functools
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: What the replays are made with, and the page's own host computes again.
SETTINGS = {"seed": 7, "init": "lecun", "shuffle": "on"}
SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json"
PROGRAMS = {
    f"{network}-{plan}-{optimizer}{'-distorted' if distort == 'on' else ''}": [
        "--network", network, "--plan", plan, "--optimizer", optimizer, "--distort", distort,
    ]
    for network in ("lenet1", "lenet5")
    for plan in ("layered", "sample")
    for optimizer, distort in (("sgd", "off"), ("sdlm", "off"), ("adam", "off"), ("sgd", "on"))
}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the folder and collects what the page posts."""

    def do_POST(self):
        result = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(204)
        self.end_headers()
        self.server.results.append(result)
        if "end" in result:
            self.server.ended.set()
        else:
            print(result, flush=True)

    def log_message(self, *_):
        pass


def stop(browser):
    """Ends a browser and the processes that it started."""
    browser.terminate()
    browser.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(browser.pid, signal.SIGKILL)


def main(lenet, *texts):
    # What is left of Chromium may still write to its profile.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        names = []
        for name, flags in PROGRAMS.items():
            if texts and not any(text in name for text in texts):
                continue
            command = [lenet, "plan", "--json", "--replay", "20", "--profile", "gpu", "--seed", str(SETTINGS["seed"]), *flags]
            environment = {**os.environ, "VK_DRIVER_FILES": SWIFTSHADER}
            out = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
            (folder / f"{name}.json").write_bytes(out)
            names.append(f"{name}.json")
        if not names:
            print(f"no program has {' or '.join(texts)} in its name: {', '.join(PROGRAMS)}")
            return False
        (folder / "programs.json").write_text(json.dumps({"settings": SETTINGS, "names": names}))
        here = ["tests/browser/replay.html", "tests/browser/replay.js"]
        for file in [*here, *(f"assets/web/{name}.js" for name in ("executor", "host", "rng"))]:
            (folder / pathlib.Path(file).name).write_bytes((ROOT / file).read_bytes())
        handler = functools.partial(Handler, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.results, server.ended = [], threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        flags = ["--headless=new", "--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
        address = f"http://127.0.0.1:{server.server_address[1]}/replay.html"
        profile = f"--user-data-dir={folder / 'profile'}"
        command = ["chromium", *flags, profile, address]
        patience = 60 * (1 + len(names))
        end = time.monotonic() + patience
        browser = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            while not (ended := server.ended.wait(1)) and browser.poll() is None and time.monotonic() < end:
                pass
        finally:
            stop(browser)
        results = [result for result in server.results if "name" in result]
        same = [r for r in results if not r["errors"] and r.get("found") == r.get("expected")]
        print(f"{len(same)} of {len(names)} programs left the same bits" + ("" if ended else f"; Chromium ended, or took over {patience} s"))
        return len(same) == len(names)


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
