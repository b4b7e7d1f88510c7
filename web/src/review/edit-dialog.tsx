import { useEffect, useRef, useState } from 'preact/hooks';
import type { PhotoEdit } from '../../../src/records/decisions/decision.ts';
import { addressOf, at } from '../api/client.ts';
import { Dialog } from '../components/dialog.tsx';
import { type Crop, cropBetween, editOf, moved, wholePicture } from './crop.ts';

interface Props {
  readonly runId: string;
  readonly seq: number;
  readonly onChoose: (edit: PhotoEdit) => void;
  readonly onClose: () => void;
}

const quarters = [0, 90, 180, 270] as const;
const edges = [
  { name: 'left', label: 'From the left' },
  { name: 'top', label: 'From the top' },
  { name: 'width', label: 'Width' },
  { name: 'height', label: 'Height' },
] as const;

/** Turns and crops a picture; the original stays as it is. */
export function EditDialog({ runId, seq, onChoose, onClose }: Props) {
  const [rotate, setRotate] = useState<PhotoEdit['rotate']>(0);
  const [crop, setCrop] = useState<Crop>(wholePicture);
  const turn = (by: 1 | 3) => {
    setRotate((before) => quarters[(quarters.indexOf(before) + by) % 4] ?? 0);
    setCrop(wholePicture);
  };
  const edit = editOf(rotate, crop);
  return (
    <Dialog title="Turn or crop" onClose={onClose}>
      <div class="buttons">
        <button type="button" onClick={() => turn(3)}>
          <span aria-hidden="true">⟲</span> Turn left
        </button>
        <button type="button" onClick={() => turn(1)}>
          <span aria-hidden="true">⟳</span> Turn right
        </button>
      </div>
      <CropPicture
        address={addressOf(`${at('runs', runId, 'lines', seq, 'picture')}?size=960`)}
        rotate={rotate}
        crop={crop}
        onCrop={setCrop}
      />
      <p class="muted small">
        Draw a frame with the pointer, or give it here in percent. The original stays as it is.
      </p>
      <div class="edges">
        {edges.map(({ name, label }) => (
          <label class="field" key={name}>
            <span>{label}</span>
            <input
              type="number"
              min={name === 'width' || name === 'height' ? 5 : 0}
              max={100}
              value={Math.round(crop[name] * 100)}
              onChange={({ currentTarget }) =>
                setCrop(moved(crop, { [name]: (currentTarget.valueAsNumber || 0) / 100 }))
              }
            />
          </label>
        ))}
      </div>
      <div class="buttons">
        <button type="button" class="main" disabled={!edit} onClick={() => edit && onChoose(edit)}>
          Send it like this
        </button>
        <button type="button" onClick={onClose}>
          Back
        </button>
      </div>
    </Dialog>
  );
}

interface CropProps {
  readonly address: string;
  readonly rotate: PhotoEdit['rotate'];
  readonly crop: Crop;
  readonly onCrop: (crop: Crop) => void;
}

/** The picture as it will be turned, with the frame of what will be left of it. */
function CropPicture({ address, rotate, crop, onCrop }: CropProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const start = useRef<{ x: number; y: number }>(undefined);
  const [picture, setPicture] = useState<HTMLImageElement>();
  useEffect(() => {
    const image = new Image();
    image.onload = () => setPicture(image);
    image.src = address;
  }, [address]);
  useEffect(() => {
    if (canvas.current && picture) draw(canvas.current, { picture, rotate, crop });
  }, [picture, rotate, crop]);

  const placeOf = ({ clientX, clientY }: PointerEvent, element: HTMLCanvasElement) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  };
  return (
    <div class="picture">
      {picture ? (
        <canvas
          ref={canvas}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            start.current = placeOf(event, event.currentTarget);
          }}
          onPointerMove={(event) => {
            if (start.current) onCrop(cropBetween(start.current, placeOf(event, event.currentTarget)));
          }}
          onPointerUp={() => {
            start.current = undefined;
          }}
        />
      ) : (
        <p class="muted">There is no picture to be shown. It can be turned all the same.</p>
      )}
    </div>
  );
}

interface Drawn {
  readonly picture: HTMLImageElement;
  readonly rotate: PhotoEdit['rotate'];
  readonly crop: Crop;
}

function draw(canvas: HTMLCanvasElement, { picture, rotate, crop }: Drawn): void {
  const { naturalWidth: width, naturalHeight: height } = picture;
  const isOnSide = rotate === 90 || rotate === 270;
  canvas.width = isOnSide ? height : width;
  canvas.height = isOnSide ? width : height;
  const context = canvas.getContext('2d');
  if (!context) return;
  context.save();
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((rotate * Math.PI) / 180);
  context.drawImage(picture, -width / 2, -height / 2);
  context.restore();
  const [left, top] = [crop.left * canvas.width, crop.top * canvas.height];
  const [wide, high] = [crop.width * canvas.width, crop.height * canvas.height];
  context.fillStyle = 'rgb(0 0 0 / 55%)';
  const outside = new Path2D();
  outside.rect(0, 0, canvas.width, canvas.height);
  outside.rect(left, top, wide, high);
  context.fill(outside, 'evenodd');
  if (wide === canvas.width && high === canvas.height) return;
  context.strokeStyle = '#ffffff';
  context.lineWidth = Math.max(2, canvas.width / 250);
  context.strokeRect(left, top, wide, high);
}
