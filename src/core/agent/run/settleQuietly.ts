/** What is given back must not keep the rest from being given back. Null: it failed. */
export async function settleQuietly<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch {
    return null;
  }
}
