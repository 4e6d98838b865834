# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two recordings: synthetic speech, tones that glide, and noise."""
import os
import subprocess
import tempfile

import numpy as np

SAMPLE_RATE = 24000


def speech(text, voice, seconds):
    import soundfile
    from scipy.signal import resample_poly
    with tempfile.TemporaryDirectory() as folder:
        wav = os.path.join(folder, "speech.wav")
        subprocess.run(["espeak-ng", "-v", voice, "-w", wav, text], check=True)
        samples, rate = soundfile.read(wav)
    resampled = resample_poly(samples, SAMPLE_RATE, rate)
    count = int(seconds * SAMPLE_RATE)
    return np.pad(resampled, (0, max(0, count - len(resampled))))[:count]


def tones(seconds, glides):
    """Each glide: (amplitude, first frequency, last frequency)."""
    from scipy.signal import chirp
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return sum(amplitude * chirp(time, first, seconds, last, method="logarithmic") for amplitude, first, last in glides)


def noise(random, seconds, step):
    """White noise whose level changes every `step` samples."""
    count = int(seconds * SAMPLE_RATE)
    level = np.repeat(random.random(count // step + 1) ** 3, step)[:count]
    return random.standard_normal(count) * level


def make_audio(settings):
    import soundfile
    random = settings.random(1)
    short = 0.6 * speech("Hvað er klukkan? Það er kalt úti.", "is", 4) \
        + tones(4, [(0.10, 80, 3000), (0.05, 5000, 400)]) + 0.06 * noise(random, 4, 2400)
    long_text = "Veðrið í dag er gott, en á morgun kemur rigning og rok. Good evening, and welcome."
    long = 0.5 * speech(long_text, "is", 7.5) \
        + tones(7.5, [(0.12, 4000, 60), (0.06, 150, 9000)]) + 0.10 * noise(random, 7.5, 1777)
    for name, samples in (("speech4", short), ("long7", long)):
        pcm = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2")
        soundfile.write(settings.path("audio", name + ".wav"), pcm, SAMPLE_RATE, subtype="PCM_16")
