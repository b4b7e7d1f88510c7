import { Dialog } from '../components/dialog.tsx';
import { deskKeys } from './keys.ts';

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="facts-list">
        {Object.entries(deskKeys).map(([key, { does }]) => (
          <div class="fact" key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={onClose}>
        Back to the list
      </button>
    </Dialog>
  );
}
