// Figures as people read them.

/** "1.4 GiB", "820 MiB". */
export function bytes(count) {
    const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    while (count >= 1024 && unit < units.length - 1) {
        count /= 1024;
        unit += 1;
    }
    const number = count >= 100 || unit === 0 ? Math.round(count) : count.toFixed(1);
    return `${number}\u00a0${units[unit]}`;  // never apart at a line's end
}

/** "4m 10s", "12s"; of milliseconds. */
export function duration(ms) {
    const seconds = Math.max(0, Math.round(ms / 1000));
    const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
    let rest = seconds;
    const out = [];
    for (const [length, name] of parts) {
        if (rest >= length) {
            out.push(`${Math.floor(rest / length)}${name}`);
            rest %= length;
        }
    }
    return out.slice(0, 2).join(" ") || "0s";
}

/** "8,192" of tokens; thousands apart. */
export function count(number) {
    return Number(number).toLocaleString("en");
}

export function plural(number, one, many = `${one}s`) {
    return `${count(number)} ${number === 1 ? one : many}`;
}

/** "270M", "7.2B": how many parameters. */
export function parameters(number) {
    return number >= 1e9 ? `${(number / 1e9).toFixed(1)}B` : `${Math.round(number / 1e6)}M`;
}

/** "14 %" */
export function percent(fraction) {
    return `${Math.round(fraction * 100)} %`;
}

/** "12:04", or the date when it was another day; of milliseconds since 1970. */
export function moment(time) {
    const date = new Date(time);
    const today = date.toDateString() === new Date().toDateString();
    return today
        ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
        : date.toLocaleDateString([], { day: "numeric", month: "short" });
}
