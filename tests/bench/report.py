#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tables and a plot of what measure.sh measured.

    report.py MEASUREMENTS PLOT.SVG    # tables go to standard output, as Markdown
"""
import json
import sys

FRAME_MS = 80
COLOURS = {"bf16": "#4477aa", "int8": "#228833", "int4": "#cc6677"}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 360, 60, 45, 20


def one_stream(runs):
    print("| precision | frames/s | step p50 / p99 | codec | language model | weights a step | read "
          "bandwidth | share | loaded in |")
    print("|---|---|---|---|---|---|---|---|---|")
    for precision in ("f32", "bf16", "int8", "int4"):
        candidates = [run for run in runs if run["precision"] == precision and run["streams"] == 1]
        if not candidates:
            continue
        best = max(candidates, key=lambda run: run["frames_per_second"])
        step = best["step_ms"]
        print(f"| {precision} | {best['frames_per_second']:.1f} | {step['p50']:.1f} / "
              f"{step['p99']:.1f} ms | {best['mimi_ms']:.1f} ms | {best['lm_ms']:.1f} ms | "
              f"{best['weight_bytes_per_step'] / 1e9:.2f} GB | "
              f"{best['read_bandwidth_bytes_per_second'] / 1e9:.0f} GB/s | "
              f"{best['bandwidth_share']:.0%} | {best['load_seconds']:.1f} s |")


def many_streams(runs):
    print("\n| streams | precision | step p50 / p99 | codec | language model | arithmetic |")
    print("|---|---|---|---|---|---|")
    for run in sorted(runs, key=lambda run: (run["streams"], run["precision"])):
        if run["streams"] > 1:
            step = run["step_ms"]
            print(f"| {run['streams']} | {run['precision']} | {step['p50']:.1f} / {step['p99']:.1f} ms | "
                  f"{run['mimi_ms']:.1f} ms | {run['lm_ms']:.1f} ms | {run['arithmetic_share']:.0%} |")


def live_streams(runs):
    print("\n| live streams | step p50 / p99 | lag p50 / p99 | dropped | processor |")
    print("|---|---|---|---|---|")
    for run in runs:
        step, lag = run["step_ms"], run["lag_ms"]
        print(f"| {run['streams']} | {step['p50']:.1f} / {step['p99']:.1f} ms | {lag['p50']:.0f} / "
              f"{lag['p99']:.0f} ms | {run['dropped_frames']} | {run['processor_share']:.2f} cores |")


def plot(runs, path):
    """The median step over the number of streams, one line a precision."""
    max_open_streams = max(run["streams"] for run in runs)
    max_ms = max(FRAME_MS, max(run["step_ms"]["p50"] for run in runs)) * 1.05

    def place(streams, ms):
        x = LEFT + (WIDTH - LEFT - 90) * streams / max_open_streams
        return x, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * ms / max_ms

    right, limit = place(max_open_streams, FRAME_MS)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<line x1="{LEFT}" y1="{limit}" x2="{right}" y2="{limit}" stroke="#999" '
             'stroke-dasharray="4 4"/>',
             f'<text x="{right + 6}" y="{limit + 4}" fill="#666">real time</text>']
    for streams in sorted({run["streams"] for run in runs}):
        x, y = place(streams, 0)
        parts.append(f'<text x="{x}" y="{y + 16}" text-anchor="middle">{streams}</text>')
    step = 20 if max_ms <= 200 else 50
    for ms in range(0, int(max_ms) + 1, step):
        x, y = place(0, ms)
        parts.append(f'<text x="{x - 8}" y="{y + 4}" text-anchor="end">{ms}</text>'
                     f'<line x1="{x}" y1="{y}" x2="{right}" y2="{y}" stroke="#eee"/>')
    for precision, colour in COLOURS.items():
        chosen = sorted((run for run in runs if run["precision"] == precision),
                        key=lambda run: (run["streams"], run["step_ms"]["p50"]))
        # The best of several runs.
        points = {}
        for run in chosen:
            points.setdefault(run["streams"], run["step_ms"]["p50"])
        if not points:
            continue
        line = [place(streams, ms) for streams, ms in points.items()]
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
        parts.append(f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in line]
        parts.append(f'<text x="{line[-1][0] + 6:.1f}" y="{line[-1][1] + 4:.1f}" '
                     f'fill="{colour}">{precision}</text>')
    parts.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle">streams</text>'
                 f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" '
                 f'transform="rotate(-90 14 {HEIGHT / 2})">median step, ms</text></svg>\n')
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        runs = [json.loads(line) for line in file]
    full = [run for run in runs if not run["live"]]
    live = [run for run in runs if run["live"]]
    one_stream(full)
    many_streams(full)
    if live:
        live_streams(live)
    plot(full, sys.argv[2])


if __name__ == "__main__":
    main()
