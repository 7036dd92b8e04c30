//! Tokens that are revoked before they expire: whoever operates the gateway says so at run time, and the key-value store
//! holds it, by the way in and the token's own identifier (`jti`, RFC 7519 section 4.1.7).

use super::consumer::record;
use super::{Asking, Authenticator, Caller, Kind, Rejection};
use crate::host::Host;

/// Whether `caller`'s token is revoked, where its way in wants that looked up: for every request, remembered verdict or
/// not, so that a revocation counts from the next request on. Where the store cannot say, nobody is let in.
pub async fn check<H: Host>(
    host: &H,
    authenticator: &Authenticator,
    caller: &Caller,
    asking: &Asking<'_>,
) -> Result<(), Rejection> {
    let Kind::Jwt(jwt) = &authenticator.kind else { return Ok(()) };
    if !jwt.revocable {
        return Ok(());
    }
    let Some(token_id) = &caller.token_id else {
        return Err(Rejection::invalid("the token has no jti, and could not be revoked"));
    };
    // The plan has seen to it that there is a store.
    let Some(store) = &asking.plan.store else {
        return Err(Rejection::unavailable("there is no store to look revocations up in"));
    };
    let place = record::revoked_place(&authenticator.name, token_id);
    match host.get(store, &place).await {
        Ok(None) => Ok(()),
        // Whatever it says: damaged, it was still written.
        Ok(Some(_)) => Err(Rejection::invalid("the token is revoked")),
        Err(error) => Err(Rejection::unavailable(error.cause)),
    }
}
