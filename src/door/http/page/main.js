// The page: makes its parts, tells them of each other, and shows the place that the address names.

import { setKeyAsker } from "./api.js";
import { Answering } from "./answering.js";
import { ChatView } from "./chat_view.js";
import { Daemon } from "./daemon.js";
import { onceAFrame, setText } from "./dom.js";
import { bytes } from "./format.js";
import { JobsView } from "./jobs_view.js";
import { askForKey } from "./key_dialog.js";
import { LogView } from "./log_view.js";
import { ModelChoice } from "./model_choice.js";
import { ModelsView } from "./models_view.js";
import { notice } from "./notices.js";
import { OptionsDrawer } from "./options_drawer.js";
import { SessionList } from "./session_list.js";
import { Sessions } from "./sessions.js";
import { Side } from "./side.js";
import { showThemeSwitch } from "./theme.js";

const byId = (id) => document.getElementById(id);

const sessions = new Sessions();
const answering = new Answering(sessions);
const daemon = new Daemon();
const side = new Side();
const chat = new ChatView(sessions, answering);
const log = new LogView();
const jobs = new JobsView(byId("jobs"), daemon);
const models = new ModelsView(byId("models"), daemon, (name) => openChat(newSession(name)));
const list = new SessionList(sessions, answering, (gone) => {
    if (gone.id === chat.session.id) {
        openChat(sessions.list()[0] ?? sessions.create());
    }
});
const choice = new ModelChoice(daemon, (name) => setModel(name));
const drawer = new OptionsDrawer((session) => {
    sessions.save(session);
    choice.draw(session);
});

function setModel(name) {
    chat.session.model = name;
    sessions.save(chat.session);
}

function newSession(model) {
    const session = sessions.create(chat.session);
    session.model = model ?? session.model;
    return session;
}

function openChat(session) {
    chat.show(session);
    const address = `#/chat/${session.id}`;
    if (location.hash === address) {
        showPlace();
    } else {
        location.hash = address;
    }
}

/** "#/chat/ID", "#/models" or "#/activity". */
function showPlace() {
    const [, place = "chat", id] = location.hash.split("/");
    const known = ["chat", "models", "activity"].includes(place) ? place : "chat";
    for (const name of ["chat", "models", "activity"]) {
        byId(`${name}-view`).hidden = name !== known;
        const link = document.querySelector(`[data-place="${name}"]`);
        link.ariaCurrent = name === known ? "page" : null;
    }
    if (known === "chat" && id && id !== chat.session.id && sessions.get(id)) {
        chat.show(sessions.get(id));
    }
    if (known === "activity") {
        log.show();
    } else {
        log.hide();
    }
    if (known === "models") {
        daemon.refreshModels();
    }
    side.close();
    draw();
    if (known === "chat" && matchMedia("(hover: hover)").matches) {
        chat.focus();
    }
}

function drawSideMemory() {
    const memory = daemon.status?.memory;
    byId("side-memory").classList.toggle("fault", Boolean(daemon.fault));
    if (daemon.fault) {
        setText(byId("side-memory"),
            daemon.wantsKey ? "The daemon wants a key" : "The daemon does not answer");
    } else if (memory) {
        setText(byId("side-memory"),
            `${bytes(memory.reserved_bytes)} of ${bytes(memory.budget_bytes)}`);
    }
}

const draw = onceAFrame(() => {
    list.draw(byId("chat-view").hidden ? null : chat.session.id);
    choice.draw(chat.session);
    models.draw();
    jobs.draw();
    drawSideMemory();
    byId("jobs-count").hidden = daemon.jobs.length === 0;
    setText(byId("jobs-count"), String(daemon.jobs.length));
    document.title = byId("chat-view").hidden
        ? "ThreadRunner" : `${chat.session.title} · ThreadRunner`;
});

setKeyAsker(askForKey);
showThemeSwitch(byId("theme"));
byId("new-chat").addEventListener("click", () => openChat(newSession()));
byId("open-options").addEventListener("click", () => drawer.open(chat.session));
addEventListener("hashchange", showPlace);
daemon.addEventListener("change", draw);
answering.addEventListener("change", draw);
sessions.addEventListener("change", () => {
    if (!answering.isRunning(chat.session.id)) {
        chat.refresh();
    }
    draw();
});
sessions.addEventListener("full", () => notice("This browser has no more room for " +
    "conversations: delete some, or this one will be lost with the tab.", { isError: true }));

chat.show(sessions.get(location.hash.split("/")[2]) ?? sessions.list()[0] ?? sessions.create());
showPlace();
daemon.start();
