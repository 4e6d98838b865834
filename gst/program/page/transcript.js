// SPDX-License-Identifier: LGPL-2.1-or-later
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const words = data.words;
const audio = document.getElementById("audio");
const canvas = document.getElementById("waveform");
const text = document.getElementById("text");
const editButton = document.getElementById("edit");
const loudest = data.waveform.peaks.reduce((most, peak) => Math.max(most, peak), 1);
const reduced = matchMedia("(prefers-reduced-motion: reduce)");

const PAUSE = 0.8;  // seconds, after which a paragraph begins
const UNSURE = 0.6;  // confidence below which a word is worth a look
const CLOSING = /^[.,;:!?\u2026)\]}\u00bb\u201d\u2019"']+$/;  // joins the word before it

// Where the browser keeps corrections until the page is opened again.
const DRAFT = "kyutaistt " + location.pathname;

let current = -1;  // the word that is spoken, or was last
let following = true;  // the text scrolls with the speech
let editing = false;  // a click corrects
let saved = true;

// --- Times and lines

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = number => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return (hours ? hours + ":" + pad(minutes) : minutes) + ":" + pad(whole % 60);
}

function cueTime(milliseconds, point) {
  const pad = (number, digits) => String(Math.floor(number)).padStart(digits, "0");
  return pad(milliseconds / 3600000, 2) + ":" + pad(milliseconds / 60000 % 60, 2) + ":" +
    pad(milliseconds / 1000 % 60, 2) + point + pad(milliseconds % 1000, 3);
}

// As few lines as the text needs, none much longer than the others.
function breakLines(line, columns) {
  const wrapped = width => line.split(" ").reduce((lines, word) => {
    const last = lines[lines.length - 1];
    if (last !== undefined && [...last].length + 1 + [...word].length <= width) {
      lines[lines.length - 1] = last + " " + word;
    } else {
      lines.push(word);
    }
    return lines;
  }, []);
  const count = wrapped(columns).length;
  let width = Math.ceil(line.length / count);
  while (wrapped(width).length > count) {
    width++;
  }
  return wrapped(width);
}

function joined(some) {
  return some.map(word => word.text).filter(Boolean).reduce(
    (line, word) => line + (line && !CLOSING.test(word) ? " " : "") + word, "");
}

// --- The text

function show(word) {
  const shown = word.span;
  shown.textContent = word.text || word.heard;
  shown.classList.toggle("edited", word.text !== word.heard && word.text !== "");
  shown.classList.toggle("removed", word.text === "");
  const checked = word.text !== word.heard;
  shown.classList.toggle("unsure", word.confidence < UNSURE && !checked);
  // A guess is pale, and can still be read.
  shown.style.opacity = checked ? "" : 0.5 + 0.5 * word.confidence;
  shown.title = clock(word.start) + ", confidence " + Math.round(100 * word.confidence) + " %" +
    (checked ? ", heard: " + word.heard : "");
}

// Paragraphs of words: a new one after a pause.
function build() {
  let paragraph = null;
  words.forEach((word, at) => {
    word.heard = word.text;
    word.span = document.createElement("span");
    word.span.className = "word";
    word.span.tabIndex = at === 0 ? 0 : -1;
    word.span.dataset.word = at;
    show(word);
    if (!paragraph || word.start - words[at - 1].end >= PAUSE) {
      paragraph = document.createElement("p");
      const time = document.createElement("button");
      time.className = "time";
      time.textContent = clock(word.start);
      time.dataset.start = word.start;
      time.tabIndex = -1;
      paragraph.append(time);
      text.append(paragraph);
    } else if (!CLOSING.test(word.text)) {
      paragraph.append(" ");
    }
    paragraph.append(word.span);
  });
  if (!words.length) {
    text.textContent = "No words were heard.";
  }
}

function focusOn(at) {
  if (at < 0 || at >= words.length) {
    return;
  }
  // One stop of Tab for all words.
  text.querySelector('.word[tabindex="0"]').tabIndex = -1;
  words[at].span.tabIndex = 0;
  words[at].span.focus();
}

// The last word that has begun.
function wordAt(time) {
  let low = 0, high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle].start <= time) { low = middle + 1; } else { high = middle; }
  }
  return low - 1;
}

function follow(span) {
  const place = span.getBoundingClientRect();
  const top = document.querySelector("header").getBoundingClientRect().bottom;
  if (place.top < top || place.bottom > innerHeight * 0.8) {
    scrollTo({ top: scrollY + place.top - top - 40, behavior: reduced.matches ? "auto" : "smooth" });
  }
}

function showPosition() {
  const time = audio.currentTime;
  const at = wordAt(time);
  const spoken = at >= 0 && time < words[at].end;
  if (at !== current && current >= 0) {
    words[current].span.classList.remove("spoken");
  }
  if (at >= 0) {
    words[at].span.classList.toggle("spoken", spoken);
    if (at !== current && following && !audio.paused) {
      follow(words[at].span);
    }
  }
  current = at;
  draw();
  canvas.setAttribute("aria-valuemax", Math.round(duration()));
  canvas.setAttribute("aria-valuenow", Math.round(time));
  canvas.setAttribute("aria-valuetext", clock(time) + " of " + clock(duration()));
}

function run() {
  showPosition();
  if (!audio.paused) {
    requestAnimationFrame(run);
  }
}

// --- The recording

function duration() {
  return data.waveform.interval * data.waveform.peaks.length || audio.duration || 1;
}

function seek(time, plays) {
  following = true;
  audio.currentTime = Math.min(Math.max(time, 0), duration());
  showPosition();
  if (plays && audio.paused) {
    audio.play().catch(() => {});
  }
}

function toggle() {
  if (audio.paused) { audio.play().catch(() => {}); } else { audio.pause(); }
}

function load() {
  const content = document.getElementById("content");
  if (content.textContent) {
    const bytes = atob(content.textContent);
    const array = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) {
      array[i] = bytes.charCodeAt(i);
    }
    content.textContent = "";
    audio.src = URL.createObjectURL(new Blob([array], { type: content.dataset.type }));
  } else if (audio.dataset.address) {
    audio.src = audio.dataset.address;
  } else {
    askForRecording();
  }
}

function askForRecording() {
  document.getElementById("choose").hidden = false;
  audio.hidden = true;
}

// --- The waveform

function draw() {
  const scale = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale), height = Math.round(canvas.clientHeight * scale);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const style = getComputedStyle(document.documentElement);
  const peaks = data.waveform.peaks;
  const context = canvas.getContext("2d");
  const played = audio.currentTime / duration() * width;
  const bar = 2 * scale, step = 3 * scale;
  context.clearRect(0, 0, width, height);
  for (let x = 0; x < width; x += step) {
    const first = Math.floor(x / width * peaks.length);
    const last = Math.max(first + 1, Math.floor((x + step) / width * peaks.length));
    const peak = peaks.slice(first, last).reduce((most, one) => Math.max(most, one), 0);
    const tall = Math.max(scale, peak / loudest * height);
    context.fillStyle = style.getPropertyValue(x < played ? "--accent" : "--faint");
    context.fillRect(x, (height - tall) / 2, bar, tall);
  }
}

// --- Corrections

function edit(at) {
  const word = words[at];
  const input = document.createElement("input");
  let done = false;
  input.value = word.text;
  input.setAttribute("aria-label", "Correction of " + word.heard);
  input.style.width = Math.max(word.text.length, 3) + 2 + "ch";
  input.autocapitalize = "off";
  const close = kept => {
    if (done) {
      return;
    }
    done = true;
    const value = input.value.trim().replace(/\s+/g, " ");
    if (kept && value !== word.text) {
      word.text = value;
      saved = false;
      keep();
    }
    show(word);
    count();
  };
  input.oninput = () => { input.style.width = Math.max(input.value.length, 3) + 2 + "ch"; };
  input.onblur = () => close(true);
  input.onkeydown = event => {
    event.stopPropagation();
    if (event.key === "Enter" || event.key === "Escape") {
      close(event.key === "Enter");
      focusOn(at);
    } else if (event.key === "Tab") {
      const next = at + (event.shiftKey ? -1 : 1);
      close(true);
      if (next >= 0 && next < words.length) {
        event.preventDefault();
        edit(next);
      }
    }
  };
  word.span.replaceChildren(input);
  word.span.style.opacity = "";
  input.focus();
  input.select();
}

function keep() {
  const corrected = {};
  words.forEach((word, at) => {
    if (word.text !== word.heard) {
      corrected[at] = [word.heard, word.text];
    }
  });
  try {
    localStorage.setItem(DRAFT, JSON.stringify({ saved, corrected }));
  } catch {
    // This browser keeps nothing; the page asks before it is closed.
  }
}

function restore() {
  let draft = null;
  try {
    draft = JSON.parse(localStorage.getItem(DRAFT));
  } catch {
    return;
  }
  for (const [at, [heard, correction]] of Object.entries(draft?.corrected ?? {})) {
    // The recording may have been transcribed again meanwhile.
    if (words[at]?.heard === heard) {
      words[at].text = correction;
      saved = draft.saved;
      show(words[at]);
    }
  }
  count();
}

function count() {
  const changed = words.filter(word => word.text !== word.heard).length;
  document.getElementById("changes").textContent =
    changed ? changed + (changed === 1 ? " correction" : " corrections") + (saved ? "" : ", not saved") : "";
}

function nextUnsure() {
  const from = document.activeElement.dataset.word ?? current;
  const unsure = (word, at) => at > from && word.confidence < UNSURE && word.text === word.heard;
  const at = words.findIndex(unsure);
  if (at >= 0) {
    seek(words[at].start, false);
    focusOn(at);
    follow(words[at].span);
  }
}

// --- Files

// Lines stay as the program broke them, unless one of their words was corrected.
function cues() {
  return data.cues.map((cue, at) => {
    const next = data.cues[at + 1];
    const own = words.slice(cue.first, next ? next.first : words.length);
    const corrected = own.some(word => word.text !== word.heard);
    const line = joined(own);
    return { start: cue.start, end: cue.end,
      lines: !corrected ? cue.lines : line ? breakLines(line, data.columns) : [] };
  }).filter(cue => cue.lines.length);
}

const forms = {
  srt: () => cues().map((cue, at) => (at % 9999 + 1) + "\n" + cueTime(cue.start, ",") + " --> " +
    cueTime(cue.end, ",") + "\n" + cue.lines.join("\n") + "\n\n").join(""),
  vtt: () => "WEBVTT\n\n" + cues().map(cue => cueTime(cue.start, ".") + " --> " + cueTime(cue.end, ".") + "\n" +
    cue.lines.join("\n").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;") + "\n\n").join(""),
  txt: () => [...text.querySelectorAll("p")].map(paragraph => joined(
    [...paragraph.querySelectorAll(".word")].map(span => words[span.dataset.word]))).filter(Boolean).join("\n") + "\n",
};

function save(form) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([forms[form]()], { type: "text/plain" }));
  link.download = document.title.replace(/\.[^.]*$/, "") + "." + form;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  saved = true;
  keep();
  count();
}

// --- What the reader does

text.addEventListener("click", event => {
  const { word, start } = event.target.dataset;
  if (start !== undefined) {
    seek(Number(start), true);
  } else if (word !== undefined && editing) {
    edit(Number(word));
  } else if (word !== undefined) {
    focusOn(Number(word));
    seek(words[word].start, true);
  }
});
text.addEventListener("dblclick", event => {
  if (event.target.dataset.word !== undefined) {
    audio.pause();
    edit(Number(event.target.dataset.word));
  }
});
text.addEventListener("keydown", event => {
  const at = Number(event.target.dataset.word);
  const action = { ArrowLeft: () => focusOn(at - 1), ArrowRight: () => focusOn(at + 1),
    Enter: () => seek(words[at].start, true) }[event.key];
  if (event.target.dataset.word !== undefined && action) {
    event.preventDefault();
    action();
  }
});
canvas.addEventListener("keydown", event => {
  const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -30, PageUp: 30,
    Home: -Infinity, End: Infinity }[event.key];
  if (step) {
    event.preventDefault();
    seek(audio.currentTime + step, false);
  }
});
canvas.addEventListener("pointerdown", event => {
  const move = moved => seek(moved.offsetX / canvas.clientWidth * duration(), false);
  canvas.setPointerCapture(event.pointerId);
  canvas.onpointermove = move;
  canvas.onpointerup = canvas.onpointercancel = () => { canvas.onpointermove = null; };
  move(event);
});
document.addEventListener("keydown", event => {
  const typing = event.target.closest("input, button, audio, summary");
  if (typing || event.ctrlKey || event.altKey || event.metaKey) {
    return;
  }
  const action = { " ": toggle, j: () => seek(audio.currentTime - 5, false),
    l: () => seek(audio.currentTime + 5, false), n: nextUnsure,
    e: () => { audio.pause(); edit(Number(document.activeElement.dataset.word ?? Math.max(current, 0))); },
  }[event.key.toLowerCase()];
  if (action && (event.key !== "e" || words.length)) {
    event.preventDefault();
    action();
  }
});
editButton.onclick = () => {
  editing = !editing;
  editButton.setAttribute("aria-pressed", editing);
};
document.getElementById("unsure").onclick = nextUnsure;
document.getElementById("tools").addEventListener("click", event => {
  if (event.target.dataset.save) {
    save(event.target.dataset.save);
  }
});
document.querySelector("#choose input").onchange = event => {
  audio.src = URL.createObjectURL(event.target.files[0]);
  audio.hidden = false;
  document.getElementById("choose").hidden = true;
};
for (const name of ["wheel", "touchmove"]) {
  addEventListener(name, () => { following = false; }, { passive: true });
}
addEventListener("beforeunload", event => {
  if (!saved) {
    event.preventDefault();
  }
});
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
audio.addEventListener("play", () => { following = true; run(); });
audio.addEventListener("error", askForRecording);
for (const name of ["pause", "seeked", "timeupdate", "loadedmetadata", "ended"]) {
  audio.addEventListener(name, showPosition);
}

build();
restore();
load();
showPosition();
document.getElementById("unsure").disabled = !words.some(word => word.confidence < UNSURE);
