"""All methods, by the name they have on the command line. A new method is one module and one line here."""

from __future__ import annotations

from . import inception_nnunet, mednext, nnformer, nnunet_resenc, nnunet_v1, nnunet_v2, swin_unetr
from .method import Method

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        inception_nnunet.METHOD,
        nnunet_v1.METHOD,
        nnunet_v2.METHOD,
        nnunet_resenc.METHOD,
        mednext.METHOD,
        nnformer.METHOD,
        swin_unetr.METHOD,
    )
}
