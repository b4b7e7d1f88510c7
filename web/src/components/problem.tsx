/** What went wrong when somebody did something; nothing where nothing did. */
export const Problem = ({ text }: { text: string | undefined }) =>
  text === undefined ? null : (
    <p class="notice fault" role="alert">
      {text}
    </p>
  );
