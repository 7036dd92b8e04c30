#[path = "../src/serve"]
mod serve {
    pub mod ambiguity;
    pub mod body;
    pub mod framing;
    pub mod guard;
}
