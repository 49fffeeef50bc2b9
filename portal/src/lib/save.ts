/** Hands a file to the person. */
export function saveText(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

export function saveJson(value: unknown, name: string): void {
  saveText(`${JSON.stringify(value, null, 1)}\n`, name, "application/json");
}
