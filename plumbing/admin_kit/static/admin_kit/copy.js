// A button with data-copy="id" puts the text of that element on the clipboard, and says so.
"use strict";
{
  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const element = document.getElementById(button.dataset.copy);
    let says = "Copied";
    try {
      await navigator.clipboard.writeText(element.textContent.trim());
    } catch {
      // Without https a browser has no clipboard for pages: the old way, else the person presses the keys.
      select(element);
      if (!document.execCommand("copy")) says = "Press Ctrl+C";
    }
    button.querySelector("[data-copy-says]").textContent = says;
  });
}
