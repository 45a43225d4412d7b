// Asks for a key where the daemon wants one: from another machine, or as another user of this one.

const why = "Who asks from another machine needs a key. Keys stand on the daemon’s own " +
    "machine, in the file that the setting http.key_file names.";

/** The key, or null. `fault`: what was wrong with the one before. */
export function askForKey(fault) {
    const dialog = document.getElementById("key-dialog");
    const input = document.getElementById("key");
    document.getElementById("key-reason").textContent = fault || why;
    input.value = "";
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener("close", () => {
            resolve(dialog.returnValue === "use" && input.value ? input.value : null);
        }, { once: true });
    });
}
