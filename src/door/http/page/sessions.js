// The conversations that this browser keeps: each under a name of its own, so that one that is too
// large for the browser's room costs no other.

import * as storage from "./storage.js";

const kept = "session.";
const titleLength = 48;

function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What a message says, as a line for lists. */
function titleOf(text) {
    const line = text.trim().split("\n")[0].replace(/\s+/g, " ");
    return line.length > titleLength ? `${line.slice(0, titleLength - 1).trimEnd()}…` : line;
}

/** Tells "change" when the list or a conversation is another, and "full" when there is no room.
 *
 * A session: id, title, named (by its user), updated (ms), model (empty: the default), system,
 * sampling (of the API's members), draft, messages. A message: role, content, and of an answer:
 * reasoning, state ("running", "stopped", "failed", or absent), error, model, job, tokens, rate
 * (tokens a second), cut (it reached its limit). */
export class Sessions extends EventTarget {
    #all = new Map();
    #held = new Set();

    constructor() {
        super();
        for (const name of storage.names(kept)) {
            this.#read(name);
        }
        storage.onForeignChange((name) => {
            if (name.startsWith(kept) && !this.#held.has(name.slice(kept.length))) {
                this.#read(name);
                this.#tell();
            }
        });
    }

    /** The last used first. */
    list() {
        return [...this.#all.values()].sort((a, b) => b.updated - a.updated);
    }

    get(id) {
        return this.#all.get(id);
    }

    /** A new one. It is kept once something is in it. */
    create(like) {
        const last = like ?? this.list()[0];
        return { id: newId(), title: "New chat", named: false, updated: Date.now(),
            model: last?.model ?? "", system: "", sampling: {}, draft: "", messages: [] };
    }

    /** Keeps what is being written, which nobody else shows. */
    saveDraft(session, draft) {
        session.draft = draft;
        this.#keep(session);
    }

    /** Keeps a session as it is now. */
    save(session, { used = false } = {}) {
        if (used) {
            session.updated = Date.now();
            const first = session.messages.find((message) => message.role === "user");
            if (!session.named && first) {
                session.title = titleOf(first.content);
            }
        }
        this.#keep(session);
        this.#tell();
    }

    /** While an answer grows in it here, what other tabs make of a session counts for nothing. */
    hold(session) {
        this.#held.add(session.id);
    }

    release(session) {
        this.#held.delete(session.id);
    }

    rename(session, title) {
        session.title = title.trim() || session.title;
        session.named = true;
        this.save(session);
    }

    remove(session) {
        this.#all.delete(session.id);
        storage.remove(kept + session.id);
        this.#tell();
    }

    #keep(session) {
        this.#all.set(session.id, session);
        if (!storage.save(kept + session.id, session)) {
            this.dispatchEvent(new Event("full"));
        }
    }

    #read(name) {
        const session = storage.load(name, null);
        const id = name.slice(kept.length);
        if (session && Array.isArray(session.messages)) {
            // whoever holds the old one goes on with the new one's members
            this.#all.set(id, Object.assign(this.#all.get(id) ?? {}, session));
        } else {
            this.#all.delete(id);
        }
    }

    #tell() {
        this.dispatchEvent(new Event("change"));
    }
}
