"""The pictures of a bench, PNG in build/bench, where matplotlib is there."""

import statistics

from report import OUT

NAMES = {"HTTP": "ThreadRunner, HTTP", "socket": "ThreadRunner, socket", "theirs": "llama-server",
         "swap": "llama-server behind llama-swap"}
COLOURS = {"HTTP": "#1f6fb2", "socket": "#7db4dc", "theirs": "#c4501b", "swap": "#e0a35c"}


NO_PICTURES = ["No pictures: this Python has no matplotlib; scripts/make-venv bench installs it."]


def _plotter():
    """matplotlib's pyplot; None where it is missing."""
    try:
        import matplotlib
        matplotlib.use("Agg")  # files, no windows
        from matplotlib import pyplot
    except ImportError:
        return None
    OUT.mkdir(parents=True, exist_ok=True)
    return pyplot


def of_serving(lives, decoding):
    """Draws what bench/serve has measured: notes for its report."""
    pyplot = _plotter()
    if pyplot is None:
        return NO_PICTURES
    _decoding(pyplot, decoding)
    _lives(pyplot, lives, "serve-first-token.png", "Time to the first token", "ms",
           {"cold": "cold start", "woken": "after an idle unload"})
    _lives(pyplot, lives, "serve-memory.png", "Memory of all processes (PSS)", "MiB",
           {"awake": "awake", "asleep": "asleep"})
    return [f"Pictures: {OUT}/serve-*.png"]


def of_reading(took):
    """Draws what bench/sandbox has measured, {what: {side: µs a file}}: notes for its report."""
    pyplot = _plotter()
    if pyplot is None:
        return NO_PICTURES
    hot = {what: runs for what, runs in took.items() if "hot" in what}
    figure, axes = pyplot.subplots(figsize=(10, 6))
    sides = list(next(iter(hot.values())))
    width = 0.84 / len(sides)
    for number, side in enumerate(sides):
        places = [place for place, runs in enumerate(hot.values()) if side in runs]
        spreads = [_spread(runs[side]) for runs in hot.values() if side in runs]
        below, above = zip(*((low[0], high[0]) for _, (low, high) in spreads))
        axes.bar([place + width * (number - (len(sides) - 1) / 2) for place in places],
                 [median for median, _ in spreads], 0.9 * width, yerr=[below, above], capsize=2,
                 label=side)
    axes.set(title="Reading tags, files in the page cache, µs a file", xticks=range(len(hot)),
             xticklabels=[what.replace(", hot cache", "") for what in hot], yscale="log")
    axes.legend(ncols=2)
    _save(pyplot, figure, "sandbox-reading.png")
    return [f"Pictures: {OUT}/sandbox-*.png"]


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
