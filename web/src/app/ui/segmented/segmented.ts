import { ChangeDetectionStrategy, Component, ElementRef, inject, input, model } from '@angular/core';

/** A switch between a few choices: a radio group with one tab stop, arrows move and choose. */
@Component({
  selector: 'ca-segmented',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { role: 'radiogroup', '[attr.aria-label]': 'label()', '(keydown)': 'move($event)' },
  template: `
    @for (choice of choices(); track choice) {
      <button
        type="button"
        role="radio"
        [attr.aria-checked]="choice === value()"
        [tabindex]="choice === value() || (!choices().includes(value()) && $first) ? 0 : -1"
        (click)="value.set(choice)"
      >
        {{ names()[$index] ?? choice }}
      </button>
    }
  `,
  styleUrl: './segmented.scss',
})
export class Segmented {
  readonly label = input.required<string>();
  readonly choices = input.required<readonly string[]>();
  /** What to write instead of the choices themselves, in their order. */
  readonly names = input<readonly string[]>([]);
  readonly value = model.required<string>();
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);

  protected move(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const choices = this.choices();
    if (!step || choices.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const at = (choices.indexOf(this.value()) + step + choices.length) % choices.length;
    this.value.set(choices[at]!);
    this.host.nativeElement.querySelectorAll('button')[at]?.focus();
  }
}
