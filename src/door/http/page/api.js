// Requests to the daemon, with its errors as exceptions that say what to do.

export class ApiError extends Error {
    constructor(message, { code = "", status = 0 } = {}) {
        super(message);
        this.code = code;
        this.status = status;
    }
}

const keyName = "threadrunner.key";
const asker = { ask: async () => null, asking: null, declined: false };

/** Who is asked for a key when the daemon wants one, with what is wrong with the one that was
 * shown, if one was; the promise's value is the key, or null. */
export function setKeyAsker(ask) {
    asker.ask = ask;
}

/** The key, or null. However many requests want it, it is asked for once; when that was declined,
 * only what people do themselves asks again. */
async function askForKey(reason, byUser) {
    if (asker.declined && !byUser) {
        return null;
    }
    asker.asking ??= asker.ask(sessionStorage.getItem(keyName) ? reason : "");
    const key = await asker.asking;
    asker.asking = null;
    asker.declined = !key;
    return key;
}

function headersWith(more) {
    const headers = new Headers(more);
    const key = sessionStorage.getItem(keyName);
    if (key) {
        headers.set("Authorization", `Bearer ${key}`);
    }
    return headers;
}

async function send(method, path, { body, headers, signal }) {
    const asked = { method, signal, headers: headersWith(headers), credentials: "same-origin" };
    if (body !== undefined) {
        asked.body = JSON.stringify(body);
        asked.headers.set("Content-Type", "application/json");
    }
    try {
        return await fetch(path, asked);
    } catch (error) {
        if (error.name === "AbortError") {
            throw error;
        }
        throw new ApiError("The daemon does not answer. `threadrunner status` says whether it " +
            "runs; any command starts it.", { code: "unreachable" });
    }
}

/** The error that an answer or an event of a stream is. */
export function errorIn(document, status = 0) {
    const error = document?.error ?? {};
    const message = error.message ?? `The daemon answered with status ${status}.`;
    return new ApiError(message, { code: error.code ?? "", status });
}

async function failure(response) {
    const document = await response.json().catch(() => null);
    return errorIn(document, response.status);
}

/** The cookie by which the daemon knows this page. One that was started anew gives a new one. */
async function renewCookie() {
    const page = await send("GET", "/", {});
    await page.arrayBuffer();
}

/** One request; its response, if that is no error. A daemon that wants a key gets the cookie again,
 * then the key that its user is asked for, unless `mayAsk` is false. `byUser`: somebody has just
 * asked for it. */
export async function call(method, path, options = {}) {
    const unauthorized = 401;
    let response = await send(method, path, options);
    if (response.status === unauthorized) {
        await renewCookie();
        response = await send(method, path, options);
    }
    while (response.status === unauthorized && options.mayAsk !== false) {
        const error = await failure(response);
        const key = await askForKey(error.message, options.byUser);
        if (!key) {
            throw error;
        }
        sessionStorage.setItem(keyName, key);
        response = await send(method, path, options);
    }
    if (!response.ok) {
        throw await failure(response);
    }
    return response;
}

/** The document that a request is answered with. */
export async function json(method, path, options = {}) {
    const response = await call(method, path, options);
    return response.json();
}
