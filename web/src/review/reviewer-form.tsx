import { useState } from 'preact/hooks';
import { setReviewer } from './reviewer.ts';

/** Asks for the name that decisions bear, before the first of them. */
export function ReviewerForm() {
  const [name, setName] = useState('');
  return (
    <form
      class="card reviewer"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== '') setReviewer(name.trim());
      }}
    >
      <h2>Who decides?</h2>
      <p class="muted">Each decision is written down with who made it and when.</p>
      <label class="field">
        <span>Your name</span>
        <input
          required
          maxLength={100}
          autocomplete="name"
          value={name}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </label>
      <div class="buttons">
        <button type="submit" class="main">
          Begin
        </button>
      </div>
    </form>
  );
}
