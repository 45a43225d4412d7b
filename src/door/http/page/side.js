// The side on a narrow screen: it lies over the page while it is open.

const narrow = matchMedia("(max-width: 800px)");

export class Side {
    #side = document.getElementById("side");
    #veil = document.getElementById("side-veil");
    #opener = null;

    constructor() {
        for (const button of document.querySelectorAll(".menu")) {
            button.addEventListener("click", () => this.#open(button));
        }
        document.getElementById("side-close").addEventListener("click", () => this.close());
        this.#veil.addEventListener("click", () => this.close());
        document.addEventListener("keydown", (event) => {
            if (event.key === "Escape" && document.body.classList.contains("side-open")) {
                this.close();
            }
        });
        narrow.addEventListener("change", () => this.#set(false));
        this.#set(false);
    }

    close() {
        const opener = this.#opener;
        this.#set(false);
        opener?.focus();
        this.#opener = null;
    }

    #open(button) {
        this.#opener = button;
        this.#set(true);
        // only what is visible by then can have the focus
        requestAnimationFrame(() => document.getElementById("side-close").focus());
    }

    #set(open) {
        document.body.classList.toggle("side-open", open);
        this.#side.inert = narrow.matches && !open;
    }
}
