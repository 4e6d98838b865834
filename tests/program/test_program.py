#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program `kyutaistt` from outside: what it prints, and its exit codes.

    test_program.py PROGRAM EXAMPLES
"""
import json
import os
import shutil
import sys
import tempfile
import unittest

from program import CLIPS, MODEL, OTHER, SAMPLE, run
from recordings import decode, write_matroska, write_wave


def copy_with_broken_weights(model):
    """A model folder that can be loaded but for one number."""
    shutil.copytree(MODEL, model)
    with open(os.path.join(model, "model.safetensors"), "r+b") as weights:
        weights.seek(-4, os.SEEK_END)
        weights.write(b"\xff" * 4)


class Usage(unittest.TestCase):
    def test_help_names_every_command(self):
        result = run("--help")
        self.assertEqual(result.returncode, 0)
        for command in ("transcribe", "info", "bench", "quantize"):
            self.assertIn(command, result.stdout)
            for words in (("help", command), (command, "--help")):
                help_text = run(*words)
                self.assertEqual(help_text.returncode, 0)
                self.assertIn("Usage: kyutaistt " + command, help_text.stdout)

    def test_after_two_dashes_nothing_asks_for_help(self):
        result = run("transcribe", MODEL, "--", "--help", "-h")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(result.stderr.splitlines(),
                         [f"kyutaistt: {name}: there is no such file" for name in ("--help", "-h")])

    def test_what_cannot_be_printed_is_no_success(self):
        for words in (("--help",), ("--version",), ("info", MODEL), ("info", MODEL, "--json"),
                      ("bench", "--help"),
                      ("bench", "--synthetic", "tiny", "--seconds", "1", "--json")):
            with open("/dev/full", "w", encoding="ascii") as full:
                result = run(*words, stdout=full)
            self.assertEqual(
                (result.returncode, result.stderr),
                (1, "kyutaistt: standard output: cannot be written: No space left on device\n"), words)

    def test_wrong_command_lines_exit_with_2(self):
        for words, expected in (
                (("fly",), "unknown command fly"),
                (("info",), "expected one MODEL"),
                (("transcribe", MODEL), "at least one FILE"),
                (("transcribe", MODEL, SAMPLE, "--wings"), "unknown option --wings"),
                (("transcribe", MODEL, SAMPLE, "--domain"), "--domain needs a value"),
                (("transcribe", MODEL, SAMPLE, "--format", "pdf"), "text, json, jsonl, srt, vtt or html"),
                (("transcribe", MODEL, SAMPLE, "--threads", "many"), "an integer"),
                (("transcribe", MODEL, SAMPLE, "--prompt-tokens", "1,,2"), "separated by commas"),
                (("transcribe", MODEL, SAMPLE, "--tokens"), "need --format json"),
                (("transcribe", MODEL, SAMPLE, OTHER, "--format", "srt"), "--output-dir"),
                (("transcribe", MODEL, SAMPLE, OTHER, "--format", "vtt"), "--output-dir"),
                (("transcribe", MODEL, SAMPLE, "--output", "a", "--output-dir", "b"), "either"),
                (("transcribe", MODEL, SAMPLE, "--overwrite"), "--overwrite needs --output-dir"),
                (("transcribe", MODEL, SAMPLE, "--output", ""), "found nothing, expected a name"),
                (("transcribe", MODEL, SAMPLE, "--cue-lines", "1"), "needs --format srt, vtt or html"),
                (("transcribe", MODEL, SAMPLE, "--format", "srt", "--cue-columns", "7"),
                 "found 7, expected an integer from 8 to 200"),
                (("transcribe", MODEL, SAMPLE, "--domain", "asr_xx"), "asr_is_en, asr_is_is"),
                (("transcribe", MODEL, SAMPLE, "--prompt-tokens", "9999"), "9999"),
                (("bench", MODEL, "--synthetic", "tiny"), "either a MODEL or --synthetic")):
            result = run(*words)
            self.assertEqual(result.returncode, 2, words)
            self.assertIn(expected, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_models_that_are_not_there_exit_with_3(self):
        with tempfile.TemporaryDirectory() as empty:
            result = run("info", "owner/name", HF_HUB_CACHE=empty)
            self.assertEqual(result.returncode, 3)
            self.assertIn("hf download owner/name", result.stderr)
            self.assertEqual(run("info", empty).returncode, 3)
        self.assertEqual(run("transcribe", MODEL, SAMPLE, "--device", "abacus").returncode, 3)
        self.assertEqual(run("bench", "--synthetic", "7b").returncode, 3)

    def test_a_domain_is_looked_for_before_the_weights_are_read(self):
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(folder, "model")
            copy_with_broken_weights(model)
            result = run("transcribe", model, SAMPLE)
            self.assertEqual(result.returncode, 3)
            self.assertIn("is not a finite number", result.stderr)
            result = run("transcribe", model, SAMPLE, "--domain", "asr_xx")
            self.assertEqual(result.returncode, 2)
            self.assertIn("asr_is_en, asr_is_is", result.stderr)

    def test_an_id_is_found_in_the_cache(self):
        commit = "0123456789abcdef"
        with tempfile.TemporaryDirectory() as cache:
            repository = os.path.join(cache, "models--owner--forecasts")
            os.makedirs(os.path.join(repository, "refs"))
            os.makedirs(os.path.join(repository, "snapshots"))
            with open(os.path.join(repository, "refs", "main"), "w", encoding="ascii") as file:
                file.write(commit)
            os.symlink(os.path.abspath(MODEL), os.path.join(repository, "snapshots", commit))
            for name in ("owner/forecasts", f"owner/forecasts@{commit}"):
                result = run("transcribe", name, SAMPLE, HF_HUB_CACHE=cache)
                self.assertEqual((result.returncode, result.stdout.strip(), result.stderr),
                                 (0, CLIPS["forecast-03.flac"]["is"], ""))
            self.assertEqual(run("info", "owner/other", HF_HUB_CACHE=cache).returncode, 3)


class Transcribe(unittest.TestCase):
    def test_text_of_several_files_in_their_order(self):
        result = run("transcribe", MODEL, SAMPLE, OTHER, "--domain", "asr_is_en")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.splitlines(),
                         [CLIPS["forecast-03.flac"]["en"], CLIPS["forecast-08.flac"]["en"]])

    def test_json_of_several_files_is_an_object_a_line(self):
        result = run("transcribe", MODEL, SAMPLE, "nowhere.wav", OTHER, "--format", "json")
        self.assertEqual(result.returncode, 1)
        found = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([(item["file"], item["text"], item.get("error")) for item in found],
                         [(SAMPLE, CLIPS["forecast-03.flac"]["is"], None),
                          ("nowhere.wav", "", "nowhere.wav: there is no such file"),
                          (OTHER, CLIPS["forecast-08.flac"]["is"], None)])

    def test_names_that_are_not_utf8(self):
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(os.fsencode(folder), b"m\xff")
            sample = os.path.join(os.fsencode(folder), b"s\xfe.flac")
            os.symlink(os.path.abspath(MODEL), model)
            os.symlink(os.path.abspath(SAMPLE), sample)
            result = run("transcribe", model, sample, sample, "--format", "json")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            data = json.loads(result.stdout.splitlines()[0])
            self.assertEqual((data["model"], data["file"]),
                             (f"{folder}/m\ufffd", f"{folder}/s\ufffd.flac"))
            self.assertEqual(data["text"], CLIPS["forecast-03.flac"]["is"])
            self.assertEqual(json.loads(run("info", model, "--json").stdout)["path"], data["model"])
            result = run("bench", model, "--json", "--seconds", "1")
            self.assertEqual(json.loads(result.stdout)["model"], data["model"], result.stderr)

    def test_an_empty_packet_is_not_the_end(self):
        samples = decode(SAMPLE)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "packets.mkv")
            write_matroska(path, [samples[:20000], b"", samples[20000:]])
            result = run("transcribe", MODEL, path)
            self.assertEqual((result.returncode, result.stdout.strip()),
                             (0, CLIPS["forecast-03.flac"]["is"]))

    def test_raw_samples_are_24_khz_mono(self):
        samples = decode(SAMPLE)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "raw.wav")
            for shape in ({"rate": 48000}, {"channels": 2}, {"rate": 16000, "channels": 2}):
                write_wave(path, samples, **shape)
                result = run("transcribe", MODEL, path, "--raw-samples")
                self.assertEqual((result.returncode, result.stdout), (1, ""), shape)
                self.assertIn("(without conversion only 24 kHz mono is read)", result.stderr)
                self.assertEqual(run("transcribe", MODEL, path).returncode, 0, shape)
            write_wave(path, samples)
            result = run("transcribe", MODEL, path, "--raw-samples")
            self.assertEqual((result.returncode, result.stdout.strip()),
                             (0, CLIPS["forecast-03.flac"]["is"]))

    def test_json_has_words_tokens_and_codes(self):
        result = run("transcribe", MODEL, SAMPLE, "--format", "json", "--tokens", "--codes",
                     "--raw-samples", "--precision", "f32")
        self.assertEqual(result.returncode, 0, result.stderr)
        data = json.loads(result.stdout)
        clip = CLIPS["forecast-03.flac"]
        expected = clip["reference"]["asr_is_is"]["tokens"]
        self.assertEqual(data["tokens"][:len(expected)], expected)
        self.assertEqual(len(data["codes"]), len(data["tokens"]) - 1)
        self.assertEqual(list(data), ["model", "domain", "duration", "delay", "words", "text",
                                      "tokens", "relays", "codes"])
        self.assertEqual(data["text"], clip["is"])
        self.assertEqual([word["text"] for word in data["words"]], clip["is"].split())
        self.assertEqual(data["domain"], "asr_is_is")
        self.assertAlmostEqual(data["duration"], clip["seconds"], places=2)
        for word, start in zip(data["words"], clip["word_starts_is"]):
            self.assertLess(abs(word["start"] - start), 0.24)
            self.assertLess(word["start"], word["end"])
            self.assertTrue(0 < word["confidence"] <= 1)

    def test_subtitles(self):
        srt = run("transcribe", MODEL, SAMPLE, "--format", "srt").stdout
        self.assertTrue(srt.startswith("1\n00:00:0"), srt)
        vtt = run("transcribe", MODEL, SAMPLE, "--format=vtt").stdout
        self.assertTrue(vtt.startswith("WEBVTT\n\n00:00:0"), vtt)

    def test_output_goes_to_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.txt")
            result = run("transcribe", MODEL, SAMPLE, "--output", path)
            self.assertEqual((result.returncode, result.stdout), (0, ""))
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read().strip(), CLIPS["forecast-03.flac"]["is"])

    def test_an_output_that_cannot_be_written_is_told_before_anything_is_read(self):
        with tempfile.TemporaryDirectory() as folder:
            for path, reason in ((folder, "Is a directory"),
                                 (os.path.join(folder, "nowhere", "out.txt"),
                                  "No such file or directory"),
                                 (os.path.join(folder, 300 * "x"), "File name too long")):
                result = run("transcribe", MODEL, "nowhere.wav", "--output", path)
                self.assertEqual((result.returncode, result.stdout), (1, ""))
                self.assertEqual(result.stderr, f"kyutaistt: {path}: cannot be written: {reason}\n")
            recording = os.path.join(folder, "in.flac")
            shutil.copy(SAMPLE, recording)
            result = run("transcribe", MODEL, recording, "--output", recording)
            self.assertEqual(result.returncode, 1)
            self.assertIn("is one of the files to be read", result.stderr)
            self.assertEqual(os.path.getsize(recording), os.path.getsize(SAMPLE))
        result = run("transcribe", MODEL, SAMPLE, "--output", "/dev/full")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr,
                         "kyutaistt: /dev/full: cannot be written: No space left on device\n")
        with open("/dev/full", "w", encoding="ascii") as full:
            result = run("transcribe", MODEL, SAMPLE, stdout=full)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "kyutaistt: standard output: cannot be written: "
                                        "No space left on device\n")

    def test_an_output_that_is_not_needed_is_not_left(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.txt")
            for files in (("nowhere.wav",), ("nowhere.wav", "neither.wav")):
                self.assertEqual(run("transcribe", MODEL, *files, "--output", path).returncode, 1)
                self.assertEqual(os.listdir(folder), [])

    def test_an_old_output_stays_until_there_is_a_new_one(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.txt")
            old = "what was heard before\n" * 100
            with open(path, "w", encoding="utf-8") as file:
                file.write(old)
            model = os.path.join(folder, "model")
            copy_with_broken_weights(model)
            for words, code in (((model, SAMPLE), 3), ((MODEL, "nowhere.wav"), 1),
                                ((MODEL, "nowhere.wav", "neither.wav"), 1)):
                self.assertEqual(run("transcribe", *words, "--output", path).returncode, code)
                with open(path, encoding="utf-8") as file:
                    self.assertEqual(file.read(), old)
            self.assertEqual(run("transcribe", MODEL, SAMPLE, "--output", path).returncode, 0)
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read().strip(), CLIPS["forecast-03.flac"]["is"])

    def test_a_bad_file_does_not_stop_the_others(self):
        result = run("transcribe", MODEL, "nowhere.wav", SAMPLE, os.path.join(MODEL, "config.json"))
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout.splitlines(), ["", CLIPS["forecast-03.flac"]["is"], ""])
        self.assertIn("nowhere.wav: there is no such file", result.stderr)
        self.assertIn("config.json", result.stderr)

    def test_files_of_which_nothing_could_be_heard_leave_no_result(self):
        for files in (["nowhere.wav"], ["nowhere.wav", "neither.wav"]):
            for form in ("text", "json"):
                result = run("transcribe", MODEL, *files, "--format", form)
                self.assertEqual((result.returncode, result.stdout), (1, ""))

    def test_prompt_tokens_are_written_as_for_the_element(self):
        for tokens in ("4,5,6,7", " 4, 5,6 , 7", "4,5,6,7,"):
            result = run("transcribe", MODEL, SAMPLE, "--prompt-tokens", tokens)
            self.assertEqual((result.returncode, result.stdout.strip(), result.stderr),
                             (0, CLIPS["forecast-03.flac"]["en"], ""), tokens)

    def test_without_a_prompt_nothing_is_said(self):
        result = run("transcribe", MODEL, SAMPLE, "--no-prompt")
        self.assertEqual((result.returncode, result.stdout.strip()), (0, ""))


class Info(unittest.TestCase):
    def test_json(self):
        data = json.loads(run("info", MODEL, "--json").stdout)
        self.assertEqual(data["delay_seconds"], 2.0)
        self.assertEqual(data["language_model"]["window"], 250)
        self.assertEqual(data["tokenizer"], {"kind": "tokenizer.json", "pieces": 599})
        self.assertEqual({domain["name"]: domain["language"] for domain in data["domains"]},
                         {"asr_is_is": "is", "asr_is_en": "en"})
        self.assertGreater(data["memory_per_stream_bytes"], 2_000_000)

    def test_options_tell_the_memory_of_a_stream(self):
        def memory(*options):
            return json.loads(run("info", MODEL, "--json", *options).stdout)[
                "memory_per_stream_bytes"]

        self.assertEqual(memory(), memory("--precision", "f32"))
        self.assertEqual(memory("--precision", "int8"), memory("--cache-precision", "int8"))
        self.assertLess(memory("--cache-precision", "int8"), memory("--cache-precision", "bf16"))
        self.assertLess(memory("--cache-precision", "bf16"), memory())
        self.assertEqual(run("info", MODEL, "--precision", "int3").returncode, 2)
        self.assertIn("alignment         hf, codec attention ring2", run(
            "info", MODEL, "--alignment", "hf", "--codec-attention", "ring2").stdout)

    def test_names_are_spelt_as_the_elements(self):
        for spelling in ("drop-first", "drop_first"):
            result = run("info", MODEL, "--json", "--alignment", spelling)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(json.loads(result.stdout)["alignment"], "drop-first")
        result = run("info", MODEL, "--alignment", "drop first")
        self.assertEqual(result.returncode, 2)
        self.assertIn("found drop first, expected auto, aligned, hf or drop-first",
                      result.stderr)

    def test_text(self):
        result = run("info", MODEL)
        self.assertEqual(result.returncode, 0)
        self.assertIn("asr_is_en (en) [4,5,6,7]", result.stdout)


class Bench(unittest.TestCase):
    def test_every_field_is_there(self):
        result = run("bench", "--synthetic", "tiny", "--seconds", "1", "--streams", "3", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        data = json.loads(result.stdout)
        for field in ("frames_per_second", "mimi_ms", "lm_ms", "weight_bytes_per_step",
                      "read_bandwidth_bytes_per_second", "bandwidth_share",
                      "memory_per_stream_bytes", "load_seconds", "first_frame_seconds",
                      "threads", "weight_bytes", "load_peak_bytes", "arithmetic_share", "processor_share"):
            self.assertGreater(data[field], 0, field)
        self.assertEqual((data["streams"], data["precision"]), (3, "f32"))
        self.assertLessEqual(data["bandwidth_share"], 1)
        self.assertGreater(data["first_frame_seconds"], data["load_seconds"])
        self.assertLessEqual(data["step_ms"]["p50"], data["step_ms"]["p99"])
        self.assertIn(data["instruction_set"].split()[0],
                      ("avx512-bf16", "avx512", "avx2", "neon-i8mm", "neon-dotprod", "plain"))

    def test_a_recording_is_timed_both_ways(self):
        result = run("bench", MODEL, "--file", SAMPLE, "--streams", "3", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        data = json.loads(result.stdout)
        self.assertEqual(data["streams"], 3)
        for field in ("audio_seconds", "whole_seconds", "pieces_seconds", "whole_steps", "pieces_steps"):
            self.assertGreater(data[field], 0, field)
        for wrong in ("nowhere.wav", MODEL):
            self.assertEqual(run("bench", MODEL, "--file", wrong).returncode, 1)
        self.assertEqual(run("bench", MODEL, "--file", SAMPLE, "--live").returncode, 2)

    def test_live_streams_keep_up(self):
        result = run("bench", "--synthetic", "tiny", "--seconds", "2", "--streams", "2", "--live",
                     "--precision", "int8", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        data = json.loads(result.stdout)
        self.assertEqual((data["live"], data["precision"], data["cache_precision"]),
                         (True, "int8", "int8"))
        self.assertGreater(data["lag_ms"]["p50"], 0)
        # Two streams of 12.5 frames a second, less what is not counted at the beginning.
        self.assertGreater(data["steps"], 20)

    def test_a_stall_is_made_up_for(self):
        result = run("bench", "--synthetic", "tiny", "--seconds", "5", "--live", "--backlog", "1", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        data = json.loads(result.stdout)
        self.assertGreater(data["drains"], 0)
        self.assertGreater(data["drain_ms"]["p50"], 0)
        self.assertEqual((data["frames_at_once"], data["dropped_frames"]), (8, 0))
        for wrong in (("--backlog", "1"), ("--live", "--backlog", "0")):
            self.assertEqual(run("bench", "--synthetic", "tiny", *wrong).returncode, 2)

    def test_live_streams_that_hear_nothing_but_the_silence_before(self):
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(folder, "model")
            shutil.copytree(MODEL, model)
            path = os.path.join(model, "preprocessor_config.json")
            with open(path, encoding="utf-8") as file:
                config = json.load(file)
            config["audio_silence_prefix_seconds"] = 60
            with open(path, "w", encoding="utf-8") as file:
                json.dump(config, file)
            # 96,000 frames of silence: too many for three seconds, and nothing may go on after it.
            live = ("bench", model, "--live", "--streams", "128", "--seconds", "3")
            result = run(*live, "--json")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIsNone(json.loads(result.stdout)["lag_ms"])
            self.assertIn("lag              unknown", run(*live).stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
