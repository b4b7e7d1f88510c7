import { useState } from 'preact/hooks';
import { ask, at, textOf } from '../api/client.ts';
import { Dialog } from '../components/dialog.tsx';
import { Problem } from '../components/problem.tsx';

interface Props {
  readonly runId: string;
  readonly onChoose: (upload: string) => void;
  readonly onClose: () => void;
}

/** Uploads a photo that is sent in place of the one that was refused. */
export function FileDialog({ runId, onChoose, onClose }: Props) {
  const [file, setFile] = useState<File>();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const send = async (photo: File) => {
    setBusy(true);
    const body = new FormData();
    body.append('photo', photo);
    try {
      const { upload } = await ask<{ upload: string }>(at('runs', runId, 'uploads'), {
        method: 'POST',
        body,
      });
      onChoose(upload);
    } catch (error) {
      setProblem(textOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Send another file" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (file) void send(file);
        }}
      >
        <label class="field">
          <span>A photo of the same person. It is kept until it is enrolled.</span>
          <input
            type="file"
            accept="image/*"
            required
            autoFocus
            onChange={({ currentTarget }) => setFile(currentTarget.files?.[0])}
          />
        </label>
        <Problem text={problem} />
        <div class="buttons">
          <button type="submit" class="main" disabled={isBusy || !file}>
            {isBusy ? 'Sending …' : 'Use this file'}
          </button>
          <button type="button" onClick={onClose}>
            Back
          </button>
        </div>
      </form>
    </Dialog>
  );
}
