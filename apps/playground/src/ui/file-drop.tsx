import { useRef, useState } from 'preact/hooks';
import { t } from '../i18n/t';
import { Button } from './button';
import { droppedFiles } from './dropped-files';
import './file-drop.css';

export interface FileDropProps {
  /** Gets the files, also those of folders; a `File` of a folder has its path in `webkitRelativePath` or not at all. */
  onFiles: (files: File[]) => void;
  /** As in `<input accept>`. */
  accept?: string;
  /** Whether a folder may be chosen too. Default true. */
  folders?: boolean;
  multiple?: boolean;
  disabled?: boolean;
  label?: string;
}

/** Preact's types do not know it. */
const WHOLE_FOLDER = { webkitdirectory: true, multiple: true };

/** Takes files and folders, dropped or chosen. */
export function FileDrop({
  onFiles,
  accept = 'image/png,image/jpeg,image/webp,image/gif,image/avif,image/bmp',
  folders = true,
  multiple = true,
  disabled = false,
  label,
}: FileDropProps) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const chosen = (event: { currentTarget: HTMLInputElement }) => {
    const list = [...(event.currentTarget.files ?? [])];
    event.currentTarget.value = ''; // the same files may be chosen again
    if (list.length > 0) onFiles(list);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is beside the buttons, which do the same.
    <div
      class={over ? 'drop drop-over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        if (!disabled) setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (disabled || !event.dataTransfer) return;
        void droppedFiles(event.dataTransfer).then((list) => {
          if (list.length > 0) onFiles(multiple ? list : list.slice(0, 1));
        });
      }}
    >
      <p>{over ? t('shell.filesDropNow') : t('shell.filesDrop')}</p>
      <div class="row">
        <Button disabled={disabled} onClick={() => files.current?.click()}>
          {label ?? t('shell.filesChoose')}
        </Button>
        {folders && (
          <Button disabled={disabled} onClick={() => folder.current?.click()}>
            {t('shell.filesFolder')}
          </Button>
        )}
      </div>
      <input
        ref={files}
        type="file"
        hidden
        data-test="files"
        accept={accept}
        multiple={multiple}
        onChange={chosen}
      />
      {folders && <input ref={folder} type="file" hidden {...WHOLE_FOLDER} onChange={chosen} />}
    </div>
  );
}
