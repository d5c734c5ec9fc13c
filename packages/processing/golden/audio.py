"""Writes audio.safetensors: spectrograms of torchaudio, librosa and transformers' Whisper, torchaudio's resampling,
and WAV files of libsndfile.

The sounds are chirps with noise, so that no band is so quiet that single precision decides its logarithm.
"""

import io
import warnings
from pathlib import Path

import librosa
import numpy as np
import soundfile
import torch

torch.version.cuda = None  # torchaudio refuses a torch made with another CUDA, and needs none here
import torchaudio  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402
from transformers import WhisperFeatureExtractor  # noqa: E402

torch.set_num_threads(1)
warnings.simplefilter("ignore")
generator = np.random.default_rng(1)
out = {}


def sound(seconds, rate):
    t = np.arange(int(seconds * rate)) / rate
    chirp = 0.4 * np.sin(2 * np.pi * (200 + 900 * t) * t) + 0.2 * np.sin(2 * np.pi * 0.31 * rate * t)
    return (chirp + 0.1 * generator.standard_normal(len(t))).astype(np.float32)


def keep(name, mels):
    """[mels, frames] to [frames, mels]"""
    out[name] = np.ascontiguousarray(np.asarray(mels).T, dtype=np.float32)


wave = out["wave"] = sound(0.3, 8000)
short = out["short"] = wave[1000:1090].copy()
tensor = torch.from_numpy(wave)

TORCHAUDIO = {
    "torchaudio.defaults": dict(n_mels=24),
    "torchaudio.window": dict(n_fft=256, win_length=200, hop_length=80, n_mels=20, f_min=60.0, f_max=3800.0),
    "torchaudio.slaney": dict(n_fft=360, hop_length=100, n_mels=18, norm="slaney", mel_scale="slaney", power=1.0),
    "torchaudio.constant": dict(n_fft=210, hop_length=64, n_mels=12, pad_mode="constant"),
    "torchaudio.uncentered": dict(n_fft=256, hop_length=90, n_mels=16, center=False, power=1.5),
}
for name, options in TORCHAUDIO.items():
    mel = torchaudio.transforms.MelSpectrogram(sample_rate=8000, **options)(tensor)
    keep(name, mel)
    keep(f"{name}.log", torch.log(mel + 1e-6))
    if options.get("power") != 1.5:
        kind = "magnitude" if options.get("power") == 1.0 else "power"
        keep(f"{name}.decibel", torchaudio.transforms.AmplitudeToDB(kind, top_db=30)(mel))

librosa_options = dict(sr=8000, n_fft=300, hop_length=75, n_mels=22)
mel = librosa.feature.melspectrogram(y=wave, pad_mode="reflect", **librosa_options)
keep("librosa.defaults.decibel", librosa.power_to_db(mel))
mel = librosa.feature.melspectrogram(y=wave, htk=True, norm=None, fmin=100, fmax=3000, win_length=250, **librosa_options)  # pads with zeros
keep("librosa.htk.decibel", librosa.power_to_db(mel, top_db=25))
mel = librosa.feature.melspectrogram(y=short, pad_mode="reflect", sr=8000, n_fft=256, hop_length=30, n_mels=10)
keep("librosa.short.decibel", librosa.power_to_db(mel))

mfcc = torchaudio.transforms.MFCC(
    sample_rate=8000, n_mfcc=13, melkwargs=dict(n_fft=256, hop_length=80, n_mels=20)
)
keep("torchaudio.mfcc", mfcc(tensor))

spoken = out["wave16k"] = sound(0.25, 16000)
whisper = WhisperFeatureExtractor()  # Whisper's constants
features = whisper(spoken, sampling_rate=16000, return_tensors="np").input_features[0]  # [80, 3000]
keep("whisper", features[:, :40])  # the rest is silence
out["whisper.last"] = np.ascontiguousarray(features[:, -1])

for target in (16000, 11025, 7350, 4000, 8800):
    out[f"resample.{target}"] = torchaudio.functional.resample(tensor[:800], 8000, target).numpy()
out["resample.sharp"] = torchaudio.functional.resample(
    tensor[:800], 8000, 6000, lowpass_filter_width=16, rolloff=0.9
).numpy()

frames = np.stack([wave[:21], wave[100:121], -wave[:21]], axis=1)  # an odd number of bytes, where samples have one
for container in ("WAV", "WAVEX"):
    for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"):
        file = io.BytesIO()
        soundfile.write(file, frames, 22050, subtype=subtype, format=container)
        content = bytearray(file.getvalue())
        if (peak := content.find(b"PEAK")) > 0:
            content[peak + 12 : peak + 16] = bytes(4)  # the time of writing
        out[f"wav.{container}.{subtype}"] = np.frombuffer(content, np.uint8).astype(np.int32)
        file.seek(0)
        keep(f"wav.{container}.{subtype}.values", soundfile.read(file, dtype="float32")[0])  # [channels, frames]

metadata = {"recipe": "audio.py", "torchaudio": torchaudio.__version__, "librosa": librosa.__version__}
save_file(out, Path(__file__).with_suffix(".safetensors"), metadata=metadata)
