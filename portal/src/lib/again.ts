/** Does something every so often, and when the page is seen again. Answers how to end that. */
export function againEvery(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms);
  document.addEventListener("visibilitychange", work);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", work);
  };
}
