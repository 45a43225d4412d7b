// Making elements, and keeping lists of them in step with data.

/** An element with properties, listeners (onclick …), attributes and children; empty ones are
 * left out. */
export function el(tag, props = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props)) {
        if (value === undefined || value === null) {
            continue;
        }
        if (name.startsWith("on")) {
            node.addEventListener(name.slice(2), value);
        } else if (name in node) {
            node[name] = value;
        } else {
            node.setAttribute(name, value);
        }
    }
    node.append(...children.filter((child) => child !== undefined && child !== null));
    return node;
}

/** An icon of index.html. It says nothing to a screen reader: its button has a label. */
export function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(space, "use");
    use.setAttribute("href", `#i-${name}`);
    svg.append(use);
    return svg;
}

export function iconButton(name, label, onclick) {
    return el("button", { type: "button", className: "icon-button", ariaLabel: label,
        title: label, onclick }, icon(name));
}

/** Sets a text only where it differs: nothing selected or focused is touched without need. */
export function setText(node, text) {
    if (node.textContent !== text) {
        node.textContent = text;
    }
}

/** Makes a container's children those of `items`, in their order. A child lives as long as its
 * item's key does, so that focus and scrolling stay; `update` brings it up to date. */
export function reconcile(container, items, { key, create, update }) {
    const old = new Map([...container.children].map((child) => [child.dataset.key, child]));
    let at = container.firstElementChild;
    for (const item of items) {
        const name = String(key(item));
        let child = old.get(name);
        old.delete(name);
        if (!child) {
            child = create(item);
            child.dataset.key = name;
        }
        if (child === at) {
            at = at.nextElementSibling;
        } else {
            container.insertBefore(child, at);
        }
        update?.(child, item);
    }
    for (const child of old.values()) {
        child.remove();
    }
}

/** Calls a function once in the next frame, however often it is asked to. */
export function onceAFrame(call) {
    let asked = false;
    return () => {
        if (!asked) {
            asked = true;
            requestAnimationFrame(() => {
                asked = false;
                call();
            });
        }
    };
}
