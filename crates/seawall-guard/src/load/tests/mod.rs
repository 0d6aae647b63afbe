mod cancellation;
mod convergence;
mod fairness;
mod layer;
mod oracle;
mod priorities;
mod world;
