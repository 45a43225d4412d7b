// The conversation at hand: its messages, and the prompt below them.

import { el, onceAFrame, reconcile, setText } from "./dom.js";
import { AnswerMessage, UserMessage } from "./message_view.js";
import { notice, say } from "./notices.js";

// the keyboard of a phone has no other key to begin a line with
const touched = matchMedia("(hover: none) and (pointer: coarse)");
const nearBottom = 60; // pixels within which somebody still follows what comes
const byId = (id) => document.getElementById(id);

/** Follows what is added at the bottom, until its reader scrolls up, however little. */
class Follower {
    #scroll;
    #button;
    #follows = true;
    #top = 0;
    #height = 0;

    constructor(scroll, button) {
        this.#scroll = scroll;
        this.#button = button;
        scroll.addEventListener("scroll", () => this.#look(), { passive: true });
        button.addEventListener("click", () => this.toBottom());
    }

    #look() {
        const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
        // what has shrunk may move up by itself
        const up = scrollTop < this.#top && scrollHeight >= this.#height;
        const atBottom = scrollHeight - scrollTop - clientHeight < nearBottom;
        this.#follows = !up && (this.#follows || atBottom);
        this.#top = scrollTop;
        this.#height = scrollHeight;
        this.#button.hidden = atBottom;
    }

    toBottom() {
        this.#follows = true;
        this.#scroll.scrollTop = this.#scroll.scrollHeight;
        this.#top = this.#scroll.scrollTop;
        this.#height = this.#scroll.scrollHeight;
        this.#button.hidden = true;
    }

    grown() {
        if (this.#follows) {
            this.toBottom();
        } else {
            this.#look();
        }
    }
}

function welcome() {
    return el("li", { className: "welcome" },
        el("img", { src: "/page/icon.svg", alt: "", width: 44, height: 44 }),
        el("p", { className: "welcome-title" }, "What is on your mind?"),
        el("p", { className: "quiet" }, touched.matches
            ? "Enter begins a line, the button sends."
            : "Enter sends. Shift+Enter begins a line."));
}

export class ChatView {
    #sessions;
    #answering;
    #session;
    #views = new WeakMap();
    #follower = new Follower(byId("scroll"), byId("to-latest"));
    #prompt = byId("prompt");

    constructor(sessions, answering) {
        this.#sessions = sessions;
        this.#answering = answering;
        const draw = onceAFrame(() => this.#draw());
        answering.addEventListener("change", ({ detail }) => {
            if (detail === this.#session?.id) {
                draw();
            }
        });
        this.#listen();
    }

    get session() {
        return this.#session;
    }

    show(session) {
        this.#session = session;
        this.#prompt.value = session.draft ?? "";
        this.#grow();
        byId("messages").replaceChildren();
        this.#draw();
        this.#follower.toBottom();
    }

    /** Puts what another tab, or the drawer, has changed on the screen. */
    refresh() {
        this.#draw();
    }

    focus() {
        this.#prompt.focus();
    }

    #listen() {
        byId("composer").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#sendOrStop();
        });
        this.#prompt.addEventListener("input", () => {
            this.#grow();
            this.#sessions.saveDraft(this.#session, this.#prompt.value);
        });
        this.#prompt.addEventListener("keydown", (event) => {
            const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing &&
                !touched.matches;
            if (sends) {
                event.preventDefault();
                this.#send();
            }
        });
        byId("chat-view").addEventListener("keydown", (event) => {
            if (event.key === "Escape") {
                this.#answering.stop(this.#session.id);
            }
        });
    }

    #sendOrStop() {
        if (this.#answering.isRunning(this.#session.id)) {
            this.#answering.stop(this.#session.id);
        } else {
            this.#send();
        }
    }

    #send() {
        const text = this.#prompt.value.trim();
        if (!text || this.#answering.isRunning(this.#session.id)) {
            return;
        }
        this.#session.messages.push({ role: "user", content: text });
        this.#session.draft = this.#prompt.value = "";
        this.#grow();
        this.#ask();
    }

    async #ask() {
        const session = this.#session;
        const answer = this.#answering.start(session);
        this.#follower.toBottom();
        say("Asked. The answer is on its way.");
        await answer;
        const last = session.messages.at(-1);
        const ends = { failed: `No answer: ${last?.error}`, stopped: "Stopped." };
        say(ends[last?.state] ?? "The answer is whole.");
    }

    /** Takes a message and what followed it away, unless an answer is under way. */
    #dropFrom(message) {
        if (this.#answering.isRunning(this.#session.id)) {
            notice("Stop the answer that is under way first.");
            return false;
        }
        const { messages } = this.#session;
        messages.length = messages.indexOf(message);
        return true;
    }

    #askAgain(message) {
        if (this.#dropFrom(message)) {
            this.#ask();
        }
    }

    /** Takes a message back to the prompt. */
    #edit(message) {
        if (!this.#dropFrom(message)) {
            return;
        }
        this.#session.draft = this.#prompt.value = message.content;
        this.#sessions.save(this.#session);
        this.#grow();
        this.#draw();
        this.focus();
    }

    /** As many lines as the prompt has, up to what its style allows. */
    #grow() {
        this.#prompt.style.height = "auto";
        this.#prompt.style.height = `${this.#prompt.scrollHeight}px`;
    }

    #viewOf(message) {
        let view = this.#views.get(message);
        if (!view) {
            view = message.role === "user"
                ? new UserMessage(message, { onedit: () => this.#edit(message) })
                : new AnswerMessage(message, { onretry: () => this.#askAgain(message) });
            this.#views.set(message, view);
        }
        return view;
    }

    #draw() {
        const session = this.#session;
        const runs = this.#answering.isRunning(session.id);
        const { messages } = session;
        const rows = messages.map((message, index) => ({ message, index }));
        byId("chat-view").classList.toggle("empty", rows.length === 0);
        if (rows.length === 0) {
            byId("messages").replaceChildren(welcome());
        } else {
            byId("messages").querySelector(".welcome")?.remove();
            reconcile(byId("messages"), rows, {
                key: ({ message, index }) => `${index} ${message.role}`,
                create: ({ message }) => this.#viewOf(message).element,
                update: (child, { message, index }) => {
                    const view = this.#viewOf(message);
                    if (view.element !== child) {
                        view.element.dataset.key = child.dataset.key;
                        child.replaceWith(view.element);
                    }
                    view.update(message, runs && index === messages.length - 1);
                },
            });
        }
        setText(byId("chat-title"), session.title);
        this.#drawSend(runs);
        this.#follower.grown();
    }

    #drawSend(runs) {
        const button = byId("send");
        button.ariaLabel = runs ? "Stop" : "Send";
        button.title = button.ariaLabel;
        button.classList.toggle("stop", runs);
        button.querySelector("use").setAttribute("href", runs ? "#i-stop" : "#i-send");
    }
}
