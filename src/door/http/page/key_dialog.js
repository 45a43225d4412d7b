// Asks for a key where the daemon wants one: from another machine, or as another user of this one.

/** The key, or null. */
export function askForKey(reason) {
    const dialog = document.getElementById("key-dialog");
    const input = document.getElementById("key");
    document.getElementById("key-reason").textContent = reason;
    input.value = "";
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener("close", () => {
            resolve(dialog.returnValue === "use" && input.value ? input.value : null);
        }, { once: true });
    });
}
