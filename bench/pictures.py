"""The pictures of a bench, PNG in build/bench, where matplotlib is there."""

import statistics

from report import OUT

NAMES = {"HTTP": "ThreadRunner, HTTP", "socket": "ThreadRunner, socket", "theirs": "llama-server",
         "swap": "llama-server behind llama-swap"}
COLOURS = {"HTTP": "#1f6fb2", "socket": "#7db4dc", "theirs": "#c4501b", "swap": "#e0a35c"}


def of_serving(lives, decoding):
    """Draws what bench/serve has measured: notes for its report."""
    try:
        import matplotlib
        matplotlib.use("Agg")  # files, no windows
        from matplotlib import pyplot
    except ImportError:
        return ["No pictures: this Python has no matplotlib; scripts/make-venv bench installs it."]
    OUT.mkdir(parents=True, exist_ok=True)
    _decoding(pyplot, decoding)
    _lives(pyplot, lives, "serve-first-token.png", "Time to the first token", "ms",
           {"cold": "cold start", "woken": "after an idle unload"})
    _lives(pyplot, lives, "serve-memory.png", "Memory of all processes (PSS)", "MiB",
           {"awake": "awake", "asleep": "asleep"})
    return [f"Pictures: {OUT}/serve-*.png"]


def _spread(runs):
    """Median, and how far the smallest and the largest are from it."""
    median = statistics.median(runs)
    return median, [[median - min(runs)], [max(runs) - median]]


def _decoding(pyplot, decoding):
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for name, label in NAMES.items():
        if any(name not in runs for runs in decoding.values()):
            continue  # measured in lives alone
        medians = [statistics.median(runs[name]) for runs in decoding.values()]
        below = [statistics.median(runs[name]) - min(runs[name]) for runs in decoding.values()]
        above = [max(runs[name]) - statistics.median(runs[name]) for runs in decoding.values()]
        axes.errorbar(list(decoding), medians, yerr=[below, above], label=label, marker="o",
                      capsize=4, color=COLOURS[name])
    axes.set(title="Decoding, all streams together", xlabel="streams at once",
             ylabel="tokens a second", xticks=list(decoding), ylim=(0, None))
    axes.legend()
    _save(pyplot, figure, "serve-decode.png")


def _lives(pyplot, lives, file, title, unit, kinds):
    figure, axes = pyplot.subplots(figsize=(8, 5))
    width = 0.84 / len(lives)
    for number, name in enumerate(lives):
        for place, kind in enumerate(kinds):
            median, error = _spread([life[kind] for life in lives[name]])
            bar = axes.bar(place + width * (number - (len(lives) - 1) / 2), median, 0.9 * width,
                           yerr=error, capsize=4, color=COLOURS[name],
                           label=NAMES[name] if place == 0 else None)
            axes.bar_label(bar, fmt="%.0f", padding=3)
    axes.set(title=f"{title}, {unit}", xticks=range(len(kinds)), xticklabels=kinds.values(),
             ylim=(0, 1.25 * axes.get_ylim()[1]))
    axes.legend(loc="upper center", ncols=2)  # in the room above the bars
    _save(pyplot, figure, file)


def _save(pyplot, figure, file):
    figure.tight_layout()
    figure.savefig(OUT / file, dpi=120)
    pyplot.close(figure)
