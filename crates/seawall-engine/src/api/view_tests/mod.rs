mod kit;
mod reasons;
mod views;
