// The list of conversations at the side: choosing, renaming, deleting.

import { el, iconButton, reconcile, setText } from "./dom.js";
import { moment } from "./format.js";

export class SessionList {
    #list = document.getElementById("sessions");
    #sessions;
    #answering;
    #onRemoved;

    constructor(sessions, answering, onRemoved) {
        this.#sessions = sessions;
        this.#answering = answering;
        this.#onRemoved = onRemoved;
    }

    draw(current) {
        reconcile(this.#list, this.#sessions.list().filter((one) => one.messages.length > 0), {
            key: (session) => session.id,
            create: (session) => this.#row(session),
            update: (row, session) => {
                const link = row.querySelector("a");
                setText(link.firstChild, session.title);
                setText(link.lastChild, this.#answering.isRunning(session.id)
                    ? "answering" : moment(session.updated));
                row.classList.toggle("current", session.id === current);
                link.ariaCurrent = session.id === current ? "page" : null;
            },
        });
    }

    #row(session) {
        const row = el("li", { className: "session" },
            el("a", { href: `#/chat/${session.id}` },
                el("span", { className: "session-title" }),
                el("span", { className: "session-time" })),
            el("span", { className: "session-tools" },
                iconButton("pencil", "Rename", () => this.#rename(row, session.id)),
                iconButton("trash", "Delete", () => this.#remove(row, session.id))));
        return row;
    }

    #rename(row, id) {
        const session = this.#sessions.get(id);
        const input = el("input", { value: session.title, ariaLabel: "The conversation's name",
            maxLength: 120 });
        let ended = false;
        const end = (keep) => {
            if (ended) {
                return;
            }
            ended = true; // removing it ends it once more: it loses the focus
            input.remove();
            row.classList.remove("renaming");
            if (keep) {
                this.#sessions.rename(session, input.value);
            }
            row.querySelector("a").focus();
        };
        input.addEventListener("keydown", (event) => {
            if (event.key === "Enter" || event.key === "Escape") {
                event.preventDefault();
                event.stopPropagation();
                end(event.key === "Enter");
            }
        });
        input.addEventListener("blur", () => end(true));
        row.classList.add("renaming");
        row.append(input);
        input.select();
    }

    /** Asks in place: the first click arms the button, the second deletes. */
    #remove(row, id) {
        const armedMs = 3000;
        const button = row.querySelector(".session-tools").lastChild;
        if (button.classList.contains("armed")) {
            this.#answering.stop(id);
            const session = this.#sessions.get(id);
            this.#sessions.remove(session);
            this.#onRemoved(session);
            return;
        }
        const label = (text) => {
            button.ariaLabel = text;
            button.title = text;
        };
        button.classList.add("armed");
        label("Click again to delete");
        setTimeout(() => {
            button.classList.remove("armed");
            label("Delete");
        }, armedMs);
    }
}
