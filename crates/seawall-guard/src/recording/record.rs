use std::sync::Arc;

use super::Exchange;

/// Who is told of requests. Both are called on the path of every request: they neither block nor allocate.
pub trait Record {
    /// A request has come. It is followed by one [`Record::ended`], whatever becomes of the request.
    fn began(&self) {}

    fn ended(&self, exchange: &Exchange);
}

impl<R: Record + ?Sized> Record for Arc<R> {
    fn began(&self) {
        (**self).began();
    }

    fn ended(&self, exchange: &Exchange) {
        (**self).ended(exchange);
    }
}

impl<A: Record, B: Record> Record for (A, B) {
    fn began(&self) {
        self.0.began();
        self.1.began();
    }

    fn ended(&self, exchange: &Exchange) {
        self.0.ended(exchange);
        self.1.ended(exchange);
    }
}

impl<A: Record, B: Record, C: Record> Record for (A, B, C) {
    fn began(&self) {
        self.0.began();
        self.1.began();
        self.2.began();
    }

    fn ended(&self, exchange: &Exchange) {
        self.0.ended(exchange);
        self.1.ended(exchange);
        self.2.ended(exchange);
    }
}
