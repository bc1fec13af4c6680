// The form works without this script. The script adds a box that selects all
// files, and shows on the button how many files are selected.
const all = document.getElementById("all");
const button = document.getElementById("concat");

if (all) {
  const boxes = [...document.querySelectorAll("input[name=path]")];
  const label = button.textContent;

  const update = () => {
    const count = boxes.filter((box) => box.checked).length;
    all.checked = count === boxes.length;
    all.indeterminate = count > 0 && !all.checked;
    button.disabled = count === 0;
    button.textContent = count > 0 ? `${label} (${count})` : label;
  };

  all.parentElement.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    update();
  });
  for (const box of boxes) box.addEventListener("change", update);
  addEventListener("pageshow", update); // a browser may restore the boxes
}
