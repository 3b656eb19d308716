// Keeps what it can fresh. The page works without it.
const address = document.body.dataset.address;
const busy = (part) =>
  part.contains(document.activeElement) || part.querySelector("details[open]");

// A reload is to show the page, not to say or to send the same again.
history.replaceState(null, "", address + location.hash);

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(address);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (now && !busy(part) && part.innerHTML !== now.innerHTML) part.innerHTML = now.innerHTML;
  }
}

(async () => {
  for (;;) {
    await new Promise((done) => setTimeout(done, 1000));
    await refresh().then(
      () => document.body.classList.remove("gone"),
      () => document.body.classList.add("gone"),
    );
  }
})();

document.addEventListener("input", ({ target }) => {
  if (target.type === "range") target.nextElementSibling.value = target.value;
});
