"""A process that fills the mirror until it is whole, and says so."""

import benchmarks.django_ready as _ready

# isort: split
from crm_sync.models import MirrorProgress
from crm_sync.polling import filling


def main() -> None:
    assert _ready.application
    while True:
        filling.fill_all()
        rows = MirrorProgress.objects.all()
        if rows.exists() and not rows.filter(loaded_at=None).exists():
            break
    print("loaded", flush=True)


if __name__ == "__main__":
    main()
