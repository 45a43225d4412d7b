// What this browser keeps of ours: JSON under names that begin with "threadrunner.".

const prefix = "threadrunner.";

/** The value, or the other one where there is none or the browser keeps nothing. */
export function load(name, otherwise) {
    try {
        const text = localStorage.getItem(prefix + name);
        return text === null ? otherwise : JSON.parse(text);
    } catch {
        return otherwise;
    }
}

/** False when there is no room, or the browser keeps nothing. */
export function save(name, value) {
    try {
        localStorage.setItem(prefix + name, JSON.stringify(value));
        return true;
    } catch {
        return false;
    }
}

export function remove(name) {
    try {
        localStorage.removeItem(prefix + name);
    } catch {
        // then there is nothing to remove
    }
}

/** The names that begin so. */
export function names(beginning) {
    try {
        return Object.keys(localStorage)
            .filter((name) => name.startsWith(prefix + beginning))
            .map((name) => name.slice(prefix.length));
    } catch {
        return [];
    }
}

/** Calls back with the name of what another tab has changed. */
export function onForeignChange(call) {
    addEventListener("storage", (event) => {
        if (event.key?.startsWith(prefix)) {
            call(event.key.slice(prefix.length));
        }
    });
}
