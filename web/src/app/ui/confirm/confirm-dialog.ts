import { ChangeDetectionStrategy, Component, ElementRef, input, output, signal, viewChild } from '@angular/core';

/**
 * Asks before something happens that others see: names the object, what changes, the evidence and the way back. The
 * verb stands on the button. While `run` works, the dialog waits; what it throws is shown and nothing is closed.
 */
@Component({
  selector: 'ca-confirm-dialog',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dialog
      #dialog
      class="dialog"
      [attr.aria-label]="heading()"
      [attr.aria-describedby]="textId"
      (close)="closed.emit()"
    >
      <h2>{{ heading() }}</h2>
      <div class="text" [id]="textId"><ng-content /></div>
      <p class="bad" role="alert">{{ problem() }}</p>
      <footer>
        <button class="btn keep" type="button" [disabled]="busy()" (click)="close()">{{ keep() }}</button>
        <button
          class="btn do"
          type="button"
          [class.primary]="!danger()"
          [class.danger]="danger()"
          [disabled]="busy()"
          (click)="act()"
        >
          {{ busy() ? busyVerb() : verb() }}
        </button>
      </footer>
    </dialog>
  `,
  styles: `
    .text {
      color: var(--ink-2);
    }
    .bad {
      margin: 8px 0 0;
    }
    .bad:empty {
      display: none;
    }
  `,
})
export class ConfirmDialog {
  private static made = 0;
  /** A page may hold several dialogs. */
  protected readonly textId = `confirm-text-${ConfirmDialog.made++}`;

  readonly heading = input.required<string>();
  readonly verb = input.required<string>();
  readonly busyVerb = input('Working');
  readonly keep = input('Cancel');
  /** For what loses something: focus then starts on the button that changes nothing. */
  readonly danger = input(false);
  readonly run = input.required<() => Promise<void>>();
  readonly closed = output();

  protected readonly busy = signal(false);
  protected readonly problem = signal('');
  private readonly dialog = viewChild.required<ElementRef<HTMLDialogElement>>('dialog');

  open(): void {
    this.problem.set('');
    const dialog = this.dialog().nativeElement;
    dialog.showModal();
    dialog.querySelector<HTMLButtonElement>(this.danger() ? '.keep' : '.do')?.focus();
  }

  protected close(): void {
    this.dialog().nativeElement.close();
  }

  protected async act(): Promise<void> {
    this.busy.set(true);
    this.problem.set('');
    try {
      await this.run()();
      this.close();
    } catch (error) {
      this.problem.set((error as Error).message);
    } finally {
      this.busy.set(false);
    }
  }
}
