mod catch_up;
mod kit;
mod model;
mod times;
