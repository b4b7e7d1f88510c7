import { useState } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';

interface Props {
  readonly onChoose: (reason: string) => void;
  readonly onClose: () => void;
}

export function LeaveOutDialog({ onChoose, onClose }: Props) {
  const [reason, setReason] = useState('');
  return (
    <Dialog title="Leave this photo out" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim() !== '') onChoose(reason.trim());
        }}
      >
        <label class="field">
          <span>Why? It is written down.</span>
          <input
            required
            maxLength={1000}
            autoFocus
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </label>
        <div class="buttons">
          <button type="submit" class="main">
            Leave out
          </button>
          <button type="button" onClick={onClose}>
            Back
          </button>
        </div>
      </form>
    </Dialog>
  );
}
