#!/usr/bin/env python3
"""Data and histories that come through standard streams, and what is bounded there."""
import gzip
import json
import os
import signal
import subprocess
import time
import unittest

from support import COMMANDS, HELD_OUT, TABLE, TIMEOUT, TINY, TOOLS, CommandsTest, run


class StreamsTest(CommandsTest):
    def start(self, command, *options):
        process = subprocess.Popen([TOOLS / command, *map(str, options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(lambda: [stream.close() for stream in (process.stdin, process.stdout, process.stderr)])
        self.addCleanup(process.kill)
        return process

    def readers_of_stdin(self):
        yield "recvae_train", "--data", "-", *HELD_OUT, *TINY, "--out", self.fresh()
        yield "recvae_prepare", "--data", "-", *HELD_OUT, "--out", self.fresh()
        yield "recvae_evaluate", "--data", "-", "--model", self.model
        yield "recvae_recommend", "--data", "-", "--model", self.model

    def test_data_are_read_as_they_come(self):
        for command, *options in self.readers_of_stdin():
            with self.subTest(command):
                process = self.start(command, *options)
                process.stdin.write(b"userId,movieId\n1,2,3\n")
                process.stdin.flush()  # and stays open
                self.assertEqual(process.wait(TIMEOUT), 1)
                self.assertIn(b":2: expected 2 columns", process.stderr.read())

    def test_a_signal_ends_the_wait(self):
        for command, *options in self.readers_of_stdin():
            with self.subTest(command):
                process = self.start(command, *options)
                process.stdin.write(b"userId,movieId\n1,2\n")
                process.stdin.flush()
                time.sleep(1)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(TIMEOUT), 143)

    def interrupt(self, process, times=1):
        """As soon as the command would notice, and again where it was about to wait."""
        def notices():
            caught = next(line for line in open(f"/proc/{process.pid}/status") if line.startswith("SigCgt:"))
            return int(caught.split()[1], 16) >> signal.SIGINT - 1 & 1
        while process.poll() is None and not notices():
            time.sleep(0.01)
        time.sleep(0.1)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)

    def test_a_signal_ends_the_wait_for_a_pipe(self):
        """Also one that is given as a file, opened by nobody yet, or by somebody who is silent."""
        pipe = self.home / "pipe"
        os.mkfifo(pipe)
        readers = [[command, *(pipe if option == "-" else option for option in options)] for command, *options in self.readers_of_stdin()]
        readers += [["recvae_recommend", "--model", self.model, option, pipe] for option in ("--input", "--exclude", "--candidates", "--item_names")]
        readers += [["recvae_evaluate", "--model", self.model, "--data", self.table, "--per_user", pipe]]
        for opened in (False, True):
            for command, *options in readers:
                if opened and "--per_user" in options:
                    continue  # it writes
                with self.subTest(command, options=options, opened=opened):
                    process = self.start(command, *options)
                    writer = os.open(pipe, os.O_WRONLY) if opened else None
                    self.interrupt(process)
                    self.assertEqual(process.wait(TIMEOUT), 130)
                    self.assertEqual(process.stderr.read().splitlines()[-1], f"{command}: stopped".encode())
                    if opened:
                        os.close(writer)

    def test_a_signal_that_comes_twice_at_once_is_one(self):
        out = self.fresh()
        process = self.start("recvae_train", "--data", self.table, *HELD_OUT, "--epochs", 1000, "--baselines", "none", "--out", out)
        self.interrupt(process, 3)
        self.assertEqual(process.wait(TIMEOUT), 130)
        self.assertEqual(process.stderr.read().splitlines()[-1], b"recvae_train: stopped")
        self.assertEqual([path.name for path in self.home.iterdir() if ".recvae-new" in path.name], [])

    def test_gzip_and_plain_are_one(self):
        evaluated = self.good("recvae_evaluate", "--model", self.model, "--data", self.table)[0]
        packed = gzip.compress(TABLE.encode())
        for content in (TABLE, packed, gzip.compress(b"") + packed + bytes(512)):
            self.assertEqual(self.good("recvae_evaluate", "--model", self.model, "--data", "-", stdin=content)[0], evaluated)
        self.bad(1, "recvae_evaluate", "--model", self.model, "--data", "-", stdin=packed[:-9], names="more compressed data")
        self.bad(1, "recvae_evaluate", "--model", self.model, "--data", "-", stdin=packed + b"junk", names="damage")

    def test_demo_streams_and_looks_at_the_exit_status(self):
        packages = "".join(f"Package: p{p}\nDepends: {', '.join(f'l{d}' for d in range(4 + p % 3))}\n\n" for p in range(30))
        path = self.home / "bin" / "apt-cache"
        for script, code, message in ((f"cat <<EOF\n{packages}EOF\n", 0, ""), (f"cat <<EOF\n{packages}EOF\nexit 3", 1, "failed or gave nothing"),
                                      ("true", 1, "failed or gave nothing"), ("exit 127", 1, "expected a Debian system")):
            self.put("bin/apt-cache", "#!/bin/sh\n" + script)
            path.chmod(0o755)
            result = subprocess.run([TOOLS / "recvae_prepare", "--data", "demo", "--heldout_users", "3", "--out", self.fresh()], capture_output=True,
                                    env={**os.environ, "PATH": f"{path.parent}:{os.environ['PATH']}"}, timeout=TIMEOUT)
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertIn(message, result.stderr.decode())

    def test_wide_lines_take_no_more_than_their_text(self):
        for name, content in (("header", b"userId" + b"," * 64_000_000), ("row", b"userId,movieId\n" + b"," * 64_000_000),
                              ("quotes", b"userId,movieId\n" + b'"",' * 20_000_000)):
            path = self.put(f"{name}.csv.gz", gzip.compress(content, 1))
            process = self.start("recvae_prepare", "--data", path, "--out", self.fresh())
            stderr = process.stderr.read().decode()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 1, stderr)
            self.assertIn(f"{path}:{1 if name == 'header' else 2}: expected at most 4096 columns, found more", stderr)
            self.assertLess(usage.ru_maxrss, 300 * 1024, name)

    def test_parts_with_other_columns(self):
        for name, columns, rows in (("train", 3, 1), ("test", 2, 200_000)):
            header, row = ("user_id:token", "item_id:token", "rating:float")[:columns], ("u", "100", "5")[:columns]
            self.put(f"parts/x.{name}.inter", "\t".join(header) + "\n" + rows * ("\t".join(row) + "\n"))
        for command in ("recvae_recommend", "recvae_evaluate"):
            code, _, stderr = run(command, "--model", self.model, "--data", self.home / "parts")
            self.assertIn(code, (0, 1), stderr)
        stdout, _ = self.good("recvae_recommend", "--model", self.model, "--data", self.home / "parts", "--topk", 2)
        self.assertEqual([line.split("\t")[0] for line in stdout.splitlines()], ["u", "u"])


class ClosedStreamsTest(CommandsTest):
    def closed(self, command, *options, closed):
        redirections = {0: "<&-", 1: ">&-", 2: "2>&-"}
        script = 'exec "$@" ' + " ".join(redirections[stream] for stream in closed)
        result = subprocess.run(["sh", "-c", script, "sh", TOOLS / command, *map(str, options)], capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT)
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    def test_files_never_take_their_places(self):
        for closed in ([0], [1], [2], [0, 1], [0, 1, 2]):
            with self.subTest(closed):
                out = self.fresh()
                code, _, stderr = self.closed("recvae_prepare", "--data", self.table, *HELD_OUT, "--out", out, closed=closed)
                self.assertEqual(code, 0, stderr)
                self.assertEqual({path.name: path.read_bytes() for path in out.iterdir()},
                                 {path.name: path.read_bytes() for path in self.prepared.iterdir()})
                out = self.fresh()
                code, stdout, stderr = self.closed("recvae_train", "--data", self.table, *HELD_OUT, *TINY, "--epochs", 3, "--out", out, closed=closed)
                self.assertEqual(code, 1 if 1 in closed else 0, stderr)
                self.assertEqual(stdout, "" if 1 in closed else self.run_stdout)
                self.assertEqual(self.weights(out), self.weights(self.run_dir))
                epochs = [json.loads(line)["epoch"] for line in (out / "metrics.jsonl").read_text().splitlines()]
                self.assertEqual(epochs, [1, 2, 3])
                for file in out.rglob("*"):
                    if file.is_file():
                        self.assertNotIn(b"recvae_train:", file.read_bytes(), file)
                        self.assertNotIn(b"ndcg@100:\t", file.read_bytes(), file)

    def test_no_file_is_opened_in_their_places(self):
        fifo = self.home / "fifo"
        os.mkfifo(fifo)
        process = subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", TOOLS / "recvae_prepare", "--data", fifo, "--out", self.fresh()])
        with open(fifo, "w"):  # opens when the command does
            streams = [os.readlink(f"/proc/{process.pid}/fd/{stream}") for stream in range(3)]
        self.assertEqual(process.wait(TIMEOUT), 1)
        self.assertEqual(streams, 3 * ["/dev/null"])

    def test_results_that_cannot_be_written_are_an_error(self):
        history = self.put("history.txt", "101\t102\n")
        for command, *options in (("recvae_evaluate", "--data", self.table), ("recvae_recommend", "--input", history)):
            code, _, stderr = self.closed(command, "--model", self.model, *options, closed=[1])
            self.assertEqual((code, stderr.splitlines()[-1]), (1, f"{command}: standard output cannot be written"))
            code, _, _ = self.closed(command, "--model", self.model, *options, closed=[0, 1, 2])
            self.assertEqual(code, 1)

    def test_a_closed_input_is_no_data(self):
        for command, *options in (("recvae_prepare", "--data", "-", "--out", self.fresh()), ("recvae_recommend", "--model", self.model)):
            code, stdout, stderr = self.closed(command, *options, closed=[0])
            self.assertEqual((code, stdout), (1, ""))
            self.assertIn("standard input: Bad file descriptor", stderr)


if __name__ == "__main__":
    unittest.main()
